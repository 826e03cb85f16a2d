import { abbreviate } from '../../abbreviate.ts';
import type { SwarmStatus } from '../../zentoo/swarm/inspect-swarm.ts';
import { formatTable } from './format-table.ts';
import type { ZentooCommand } from './zentoo-command.ts';

const actions = ['status', 'down'] as const;

/** `zentoo swarm status|down` */
export const swarmCommand: ZentooCommand = {
  name: 'swarm',
  operands: 'status|down',
  summary: 'show and remove what builds of the site left on the nodes of a swarm',
  details: `  status                  list containers, volumes, services, secrets and networks
  down                    remove them; what a living build has stays
  --dry-run               only list what down would remove

Both start node proxies on the ready nodes with the label zentoo.builder=true, and remove them again.
`,
  options: { single: [], repeated: [], flags: ['dry-run'], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'engines'],
  prepare: (given, settings, problems) => {
    const [word, ...others] = given.positional;
    const action = actions.find((known) => known === word);
    if (action === undefined)
      problems.push(
        word === undefined
          ? `swarm needs an action: ${actions.join(', ')}`
          : `unknown action ${abbreviate(word)} of swarm: the actions are ${actions.join(', ')}`,
      );
    if (others.length > 0) problems.push(`swarm ${word ?? ''} takes no further arguments`);
    const isDry = given.flag('dry-run');
    if (isDry && action === 'status') problems.push('--dry-run is an option of swarm down');
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { openSiteRun } = await import('../../zentoo/run/open-site-run.ts');
      const { clearSwarm, inspectSwarm } = await import('../../zentoo/swarm/inspect-swarm.ts');
      const { connectSwarm } = await import('../../engine/swarm/connect-swarm.ts');
      const site = readSite(settings.site);
      const run = await openSiteRun(site, world, { keepFailed: false, access: 'read', pull: [] });
      const choice = {
        settings: site.swarm ?? { registry: undefined, encrypted: false },
        connect: () => connectSwarm(world.environment),
      };
      if (action === 'status') return format(site.name, await inspectSwarm(run, choice), settings.json);
      if (isDry) {
        const { objects, ...status } = await inspectSwarm(run, choice);
        const removable = objects.filter(({ state }) => state === 'copy' || state === 'gone');
        return format(site.name, { ...status, objects: removable }, settings.json);
      }
      return format(site.name, await clearSwarm(run, choice), settings.json);
    };
  },
};

function format(site: string, { objects, nodes }: SwarmStatus, json: boolean): string {
  if (json) return `${JSON.stringify({ site, nodes, objects })}\n`;
  if (objects.length === 0) return `nothing of the site ${site} is on the swarm (${nodes.join(', ') || 'no node'})\n`;
  const rows = objects.map(({ node, kind, name, state }) => [node || '-', kind, name, state]);
  return formatTable([['NODE', 'KIND', 'NAME', 'STATE'], ...rows]);
}
