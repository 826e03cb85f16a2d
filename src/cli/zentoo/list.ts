import type { ListedTuple } from '../../zentoo/command/list-site.ts';
import { siteWarnings } from '../../plan/warnings.ts';
import { outputNames, type OutputName } from '../../output-name.ts';
import type { Site } from '../../site/site.ts';
import { formatBytes } from '../../quantity.ts';
import { describeAge } from './describe-age.ts';
import { formatTable } from './format-table.ts';
import { noOptions, type ZentooCommand } from './zentoo-command.ts';

/** `zentoo list` */
export const listCommand: ZentooCommand = {
  name: 'list',
  operands: '',
  summary: 'list the tuples of the site, their parts, and which of their outputs exist',
  details: `SIZE counts everything in an image or an archive. --json has the reasons why a tuple is not up to date.
Without an engine, list shows the site alone.
`,
  options: noOptions,
  statuses: ['site', 'preconditions'],
  prepare: ({ positional }, settings, problems) => {
    if (positional.length > 0) problems.push('list takes no arguments: it lists all tuples');
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { listSite } = await import('../../zentoo/command/list-site.ts');
      const site = readSite(settings.site);
      for (const warning of siteWarnings(site, settings.site)) await world.report({ type: 'warning', ...warning });
      const listed = await listSite(site, world);
      return settings.json ? `${JSON.stringify(describeSite(site, listed))}\n` : describeAsTable(site, listed);
    };
  },
};

function describeAsTable({ name }: Site, listed: readonly ListedTuple[]): string {
  if (listed.length === 0) return `the site ${name} has no tuples\n`;
  const header = [
    'TUPLE',
    'STATE',
    ...outputNames.map((output) => output.toUpperCase()),
    'CPU',
    'PORTAGE',
    'BUILDHOOKS',
    'PACKAGES',
    'STAGE',
  ];
  const now = Date.now();
  const rows = listed.map(({ tuple, upToDate, outputs }) => [
    tuple.name,
    upToDate === undefined ? 'unknown' : upToDate ? 'up to date' : 'to build',
    ...outputNames.map((output) => describeOutput(output, outputs, now)),
    tuple.cpu.name,
    `${tuple.portage.name} ${tuple.portage.commit.slice(0, 10)}`,
    `${tuple.buildhooks.name} ${tuple.buildhooks.commit.slice(0, 10)}`,
    tuple.packages.name,
    tuple.stage.name + (tuple.cross ? ' (cross)' : ''),
  ]);
  return formatTable([header, ...rows]);
}

/** Formats an output as `495 MB, 3h old`; as a hyphen if the tuple has no such output. */
function describeOutput(output: OutputName, outputs: ListedTuple['outputs'], now: number): string {
  const state = outputs.find((one) => one.output === output);
  if (state === undefined) return '-';
  if (state.found === undefined) return 'unknown';
  if (state.found === null) return 'none';
  return `${formatBytes(state.found.size)}, ${describeAge((now - state.found.made.getTime()) / 1000)} old`;
}

/** The object of `--json`. */
function describeSite({ name, uncommitted, leftBehind }: Site, listed: readonly ListedTuple[]): object {
  return { site: name, tuples: listed.map(describeTuple), uncommitted, leftBehind };
}

function describeTuple({ tuple, upToDate, why, outputs }: ListedTuple): object {
  const { name, cpu, portage, buildhooks, packages, stage, cross } = tuple;
  const describe = (output: OutputName) => {
    const state = outputs.find((one) => one.output === output);
    if (state?.found === undefined || state.found === null) return null;
    return { name: state.name, size: state.found.size, created: state.found.made.toISOString() };
  };
  return {
    name,
    cpu: cpu.name,
    portage: { branch: portage.name, commit: portage.commit },
    buildhooks: { branch: buildhooks.name, commit: buildhooks.commit },
    packages: packages.name,
    stage: stage.name,
    cross,
    outputs: tuple.outputs,
    upToDate: upToDate ?? null,
    why,
    ...Object.fromEntries(outputNames.map((output) => [output, describe(output)])),
  };
}
