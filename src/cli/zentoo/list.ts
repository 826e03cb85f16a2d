import { siteWarnings } from '../../plan/warnings.ts';
import type { Site, Tuple } from '../../site/site.ts';
import { formatTable } from './format-table.ts';
import { noOptions, type ZentooCommand } from './zentoo-command.ts';

/** `zentoo list` */
export const listCommand: ZentooCommand = {
  name: 'list',
  operands: '',
  summary: 'list the tuples of the site with what they are made of',
  details: '',
  options: noOptions,
  prepare: ({ positional }, settings, problems) => {
    if (positional.length > 0) problems.push('list takes no arguments: it lists all tuples');
    return async ({ report }) => {
      const { readSite } = await import('../../site/read-site.ts');
      const site = readSite(settings.site);
      for (const warning of siteWarnings(site, settings.site)) await report({ type: 'warning', ...warning });
      return settings.json ? `${JSON.stringify(describeSite(site))}\n` : listTuples(site);
    };
  },
};

function listTuples({ name, tuples }: Site): string {
  if (tuples.length === 0) return `the site ${name} has no tuples\n`;
  const header = ['TUPLE', 'CPU', 'PORTAGE', 'BUILDHOOKS', 'PACKAGES', 'STAGE', 'OUTPUTS'];
  const rows = tuples.map((tuple) => [
    tuple.name,
    tuple.cpu.name,
    `${tuple.portage.name} ${tuple.portage.commit.slice(0, 10)}`,
    `${tuple.buildhooks.name} ${tuple.buildhooks.commit.slice(0, 10)}`,
    tuple.packages.name,
    tuple.stage.name + (tuple.cross ? ' (cross)' : ''),
    tuple.outputs.join(','),
  ]);
  return formatTable([header, ...rows]);
}

/** One object: what programs may rely on. */
function describeSite({ name, tuples, uncommitted, leftBehind }: Site): object {
  return { site: name, tuples: tuples.map(describeTuple), uncommitted, leftBehind };
}

function describeTuple({ name, cpu, portage, buildhooks, packages, stage, cross, outputs }: Tuple): object {
  return {
    name,
    cpu: cpu.name,
    portage: { branch: portage.name, commit: portage.commit },
    buildhooks: { branch: buildhooks.name, commit: buildhooks.commit },
    packages: packages.name,
    stage: stage.name,
    cross,
    outputs,
  };
}
