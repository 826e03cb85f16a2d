import type { TupleOutcome } from '../../build/tuple/build-site.ts';
import type { PartialSuccess } from '../../failure.ts';
import { formatTable } from './format-table.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo build [TUPLE...]` */
export const buildCommand: ZentooCommand = {
  name: 'build',
  operands: '[TUPLE...]',
  summary: 'build tuples that are not up to date; all of them without an argument',
  details: `  --keep-failed           keep the container of what fails, and say how to enter it
`,
  options: { single: [], repeated: [], flags: ['keep-failed'], onByDefault: [] },
  prepare: (given, settings) => async (world) => {
    const { readSite } = await import('../../site/read-site.ts');
    const { chooseTuples } = await import('./choose-tuples.ts');
    const site = readSite(settings.site);
    const tuples = chooseTuples(site, given.positional);
    const { openSiteRun } = await import('../../build/tuple/open-site-run.ts');
    const { buildSite } = await import('../../build/tuple/build-site.ts');
    const run = await openSiteRun(site, world, { keepFailed: given.flag('keep-failed') });
    const outcomes = await buildSite(run, tuples);
    return withFailures(settings.json ? describeAsJson(site.name, outcomes) : describeAsTable(outcomes), outcomes);
  },
};

function withFailures(output: string, outcomes: readonly TupleOutcome[]): string | PartialSuccess {
  const [first, ...others] = outcomes.flatMap((outcome) => (outcome.type === 'failed' ? outcome.failures : []));
  return first === undefined ? output : { output, failures: [first, ...others] };
}

function describeAsTable(outcomes: readonly TupleOutcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.tuple.name,
    outcome.type,
    outcome.type === 'failed' ? (outcome.failures[0]?.code ?? '') : outcome.image,
  ]);
  return formatTable([['TUPLE', 'STATE', 'IMAGE'], ...rows]);
}

function describeAsJson(site: string, outcomes: readonly TupleOutcome[]): string {
  const tuples = outcomes.map(({ tuple, ...outcome }) =>
    outcome.type === 'failed'
      ? {
          name: tuple.name,
          type: outcome.type,
          failures: outcome.failures.map(({ code, exitStatus, message, hint }) => ({
            code,
            exitStatus,
            message,
            hint,
          })),
        }
      : { name: tuple.name, ...outcome },
  );
  return `${JSON.stringify({ site, tuples })}\n`;
}
