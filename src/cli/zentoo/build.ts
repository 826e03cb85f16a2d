import type { TupleOutcome } from '../../build/tuple/judge-outcomes.ts';
import { resolve } from 'node:path';
import { abbreviate } from '../../abbreviate.ts';
import type { PartialSuccess } from '../../failure.ts';
import type { Report } from '../../report/event.ts';
import type { Output } from '../../site/site.ts';
import { formatTable } from './format-table.ts';
import type { ZentooCommand } from './zentoo-command.ts';

const outputNames: readonly Output[] = ['image', 'archive'];

/** `zentoo build [TUPLE...]` */
export const buildCommand: ZentooCommand = {
  name: 'build',
  operands: '[TUPLE...]',
  summary: 'build tuples that are not up to date; all of them without an argument',
  details: `  --jobs N                containers at once (default: as many as the engine's machine has processors and 2G of memory for)
  --output WHAT           image, archive or image,archive: instead of what the site says
  --output-dir DIR        where archives go (default: output, in the site's directory)
  --keep-failed           keep the container of what fails, and say how to enter it`,
  options: { single: ['jobs', 'output', 'output-dir'], repeated: [], flags: ['keep-failed'], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const outputs = readOutputs(given.value('output'), problems);
    const jobs = readJobs(given.value('jobs'), problems);
    const outputDirectory = readDirectory(given.value('output-dir'), problems);
    return async (world) => {
      const { readSite } = await import('../../site/read-site.ts');
      const { chooseTuples } = await import('./choose-tuples.ts');
      const site = readSite(settings.site);
      const chosen = chooseTuples(site, given.positional);
      const tuples = outputs === undefined ? chosen : chosen.map((tuple) => ({ ...tuple, outputs }));
      const { openSiteRun } = await import('../../build/tuple/open-site-run.ts');
      const opened = openSiteRun(site, world, { keepFailed: given.flag('keep-failed'), outputDirectory, tuples });
      // It is loaded while the engine is at work.
      const [run, { buildSite }] = await Promise.all([opened, import('../../build/tuple/build-site.ts')]);
      const outcomes = await buildSite(run, tuples, { jobs });
      await reportElog(outcomes, world.report);
      return withFailures(settings.json ? describeAsJson(site.name, outcomes) : describeAsTable(outcomes), outcomes);
    };
  },
};

function readOutputs(text: string | undefined, problems: string[]): readonly Output[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(',');
  if (words.every((word) => outputNames.some((name) => name === word)))
    return outputNames.filter((name) => words.includes(name));
  problems.push(`--output=${abbreviate(text)} is not image, archive or image,archive`);
  return undefined;
}

function readJobs(text: string | undefined, problems: string[]): number | undefined {
  if (text === undefined || /^[1-9]\d{0,2}$/.test(text)) return text === undefined ? undefined : Number(text);
  problems.push(`--jobs=${abbreviate(text)} is not a number from 1 to 999`);
  return undefined;
}

function readDirectory(text: string | undefined, problems: string[]): string | undefined {
  if (text === '') problems.push('--output-dir names no directory');
  return text === undefined ? undefined : resolve(text);
}

/** What the packages had to say comes last, where it is read. */
async function reportElog(outcomes: readonly TupleOutcome[], report: Report): Promise<void> {
  const { describeElog } = await import('../../portage/elog.ts');
  for (const outcome of outcomes) {
    const lines = outcome.type === 'built' ? describeElog(outcome.elog) : [];
    if (lines.length > 0)
      await report({ type: 'note', message: [`messages of what ${outcome.tuple.name} has:`, ...lines].join('\n') });
  }
}

function withFailures(output: string, outcomes: readonly TupleOutcome[]): string | PartialSuccess {
  const failed = outcomes.flatMap((outcome) => (outcome.type === 'failed' ? outcome.failures : []));
  const [first, ...others] = new Set(failed);
  return first === undefined ? output : { output, failures: [first, ...others] };
}

function describeAsTable(outcomes: readonly TupleOutcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.tuple.name,
    outcome.type,
    ...(outcome.type === 'failed'
      ? [outcome.failures[0]?.code ?? '', '']
      : [outcome.image ?? '', outcome.archive ?? '']),
  ]);
  return formatTable([['TUPLE', 'STATE', 'IMAGE', 'ARCHIVE'], ...rows]);
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
