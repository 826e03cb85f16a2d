import type { Adoption } from '../../zentoo/run/adopt-site.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo adopt` */
export const adoptCommand: ZentooCommand = {
  name: 'adopt',
  operands: '',
  summary: 'write an id into site.yaml if it has none, and register the name of the site for the id',
  details: `  --from DIR              the directory for which the name is registered, if the site was moved (default: the site's)

adopt writes the id into site.yaml: commit it, so that all clones of the site have it. On another engine, run it again.
`,
  options: { single: ['from'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan'],
  prepare: (given, settings, problems) => {
    if (given.positional.length > 0) problems.push('adopt takes no arguments: --site DIR chooses the site');
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { adoptSite } = await import('../../zentoo/run/adopt-site.ts');
      const site = readSite(settings.site);
      const adoption = await adoptSite(site, world, given.value('from'));
      return settings.json ? `${JSON.stringify(describeForPrograms(site.name, adoption))}\n` : describe(adoption);
    };
  },
};

function describe({ id, isNewId, from, volumePrefix, images }: Adoption): string {
  const lines = [
    isNewId ? `site.yaml has the id ${id} now: commit it` : `site.yaml has the id ${id}`,
    from === undefined ? 'there was nothing to take over on this engine' : `took over the registration for ${from}`,
    `volumes: ${volumePrefix}-*`,
    ...images.map((name) => `image: ${name}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function describeForPrograms(site: string, { id, isNewId, from, volumePrefix, images }: Adoption): object {
  return { site, id, isNewId, from: from ?? null, volumes: volumePrefix, images };
}
