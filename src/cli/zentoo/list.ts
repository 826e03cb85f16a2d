import { join } from 'node:path';
import type { Report } from '../../report/event.ts';
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
    return async (report) => {
      const { readSite } = await import('../../site/read-site.ts');
      const site = readSite(settings.site);
      await reportUncommittedWork(site, settings.site, report);
      await reportBranchesLeftBehind(site, settings.site, report);
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

/** Says that there is work which is not built, for it is in no commit. */
async function reportUncommittedWork({ uncommitted }: Site, path: string, report: Report): Promise<void> {
  for (const { repository, branch, paths } of uncommitted) {
    const [first, ...others] = paths;
    const files = others.length === 0 ? first : `${first} and ${others.length} more`;
    const where = branch === undefined ? repository : `${repository} (${branch})`;
    await report({
      type: 'warning',
      message: `there is uncommitted work in ${where}, which is not built: ${files}`,
      hint: `${gitIn(path, repository)} add --all && ${gitIn(path, repository)} commit`,
    });
  }
}

/** Says which branches are built as they are here, though the repository that they come from has others. */
async function reportBranchesLeftBehind({ leftBehind }: Site, path: string, report: Report): Promise<void> {
  for (const { repository, name, own, origin } of leftBehind)
    await report({
      type: 'warning',
      message: `${repository}: ${name} is at ${own.slice(0, 10)} and origin/${name} at ${origin.slice(0, 10)}, which is not built`,
      hint: `${gitIn(path, repository)} branch --force ${name} origin/${name}`,
    });
}

/** How git is called in a repository of the site, from where the site was named. */
function gitIn(site: string, repository: string): string {
  const path = join(site, repository);
  return `git -C ${/^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`}`;
}
