import type { TupleOutcome } from '../../zentoo/command/collect-outcomes.ts';
import { resolve } from 'node:path';
import { abbreviate } from '../../abbreviate.ts';
import { hidePassword } from '../../engine/hide-password.ts';
import type { PartialSuccess } from '../../failure.ts';
import type { Report } from '../../report/event.ts';
import { outputNames, type OutputName } from '../../output-name.ts';
import { describeSiteBuildAsJson } from './build-json.ts';
import { formatTable } from './format-table.ts';
import type { Site } from '../../site/site.ts';
import type { SwarmChoice } from '../../zentoo/swarm/open-swarm.ts';
import { readRetry } from './retry-option.ts';
import type { ZentooCommand, ZentooWorld } from './zentoo-command.ts';

/** `zentoo build [TUPLE...]` */
export const buildCommand: ZentooCommand = {
  name: 'build',
  operands: '[TUPLE...]',
  summary: 'build the tuples that are not up to date; all, or only the named ones',
  details: `  --jobs N                containers at once (default: one per processor of the engine, at most one per 2G of memory)
  --engine ENDPOINT       compile packages on this engine, too: unix:///PATH, tcp://HOST:PORT, ssh://USER@HOST or the
                          name of a docker context; may be given several times, besides engines: in site.yaml
  --swarm                 compile packages on the nodes of the engine's swarm, too, as swarm: in site.yaml does; see
                          docs/swarm.md
  --output WHAT           one or more of ${outputNames.join(',')}, instead of the site's outputs
  --output-dir DIR        directory of the archives (default: output in the site's directory)
  --keep-failed           keep the container of a failed step, and print how to enter it
  --retry [ATOM]          try packages again that failed twice with the same inputs: all, or those that match;
                          may be given several times
  --force                 move images also from commits that do not contain the commits of the last build`,
  options: {
    ...{
      single: ['jobs', 'output', 'output-dir'],
      repeated: ['engine'],
      flags: ['swarm', 'keep-failed', 'force'],
      onByDefault: [],
    },
    optional: ['retry'],
  },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs', 'engines'],
  prepare: (given, settings, problems) => {
    const outputs = readOutputs(given.value('output'), problems);
    const jobs = readJobs(given.value('jobs'), problems);
    const retry = readRetry(given, problems);
    const endpoints = readEndpoints(given.values('engine'), problems);
    const directory = given.value('output-dir');
    const outputDirectory = directory === undefined ? undefined : resolve(directory);
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { chooseTuples } = await import('./choose-tuples.ts');
      const site = readSite(settings.site);
      const chosen = chooseTuples(site, given.positional);
      const tuples = outputs === undefined ? chosen : chosen.map((tuple) => ({ ...tuple, outputs }));
      const { openSiteRun } = await import('../../zentoo/run/open-site-run.ts');
      const opened = openSiteRun(site, world, {
        ...{ keepFailed: given.flag('keep-failed'), usesSwarm: given.flag('swarm') || site.swarm !== undefined },
        ...{ outputDirectory, tuples },
      });
      // The module loads while the engine answers.
      const [run, { buildSite }, { chooseEngines }] = await Promise.all([
        opened,
        import('../../zentoo/command/build-site.ts'),
        import('../../zentoo/engines/engine-choice.ts'),
      ]);
      const { outcomes, record, recordFile } = await buildSite(run, {
        ...{ jobs, retry, force: given.flag('force'), program: world.program },
        engines: chooseEngines([...site.engines, ...endpoints.map((address) => ({ address }))], world.environment),
        swarm: await chooseSwarm(site, given.flag('swarm'), world),
      });
      await reportElog(outcomes, world.report);
      return withFailures(
        settings.json ? describeSiteBuildAsJson(record, recordFile) : describeAsTable(outcomes),
        outcomes,
      );
    };
  },
};

async function chooseSwarm(site: Site, isAsked: boolean, world: ZentooWorld): Promise<SwarmChoice | undefined> {
  const settings = site.swarm ?? (isAsked ? { registry: undefined, encrypted: false } : undefined);
  if (settings === undefined) return undefined;
  const { connectSwarm } = await import('../../engine/swarm/connect-swarm.ts');
  return { settings, connect: () => connectSwarm(world.environment) };
}

function readOutputs(text: string | undefined, problems: string[]): readonly OutputName[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(',');
  if (words.every((word) => outputNames.some((name) => name === word)))
    return outputNames.filter((name) => words.includes(name));
  problems.push(`--output=${abbreviate(text)} is not one or more of ${outputNames.join(',')}`);
  return undefined;
}

function readJobs(text: string | undefined, problems: string[]): number | undefined {
  if (text === undefined || /^[1-9]\d{0,2}$/.test(text)) return text === undefined ? undefined : Number(text);
  problems.push(`--jobs=${abbreviate(text)} is not a number from 1 to 999`);
  return undefined;
}

/** An address of an engine, or the name of a docker context; as in site.schema.json. */
const endpoint = /^(?:(?:unix|tcp|ssh):\/\/\S+|[A-Za-z0-9][A-Za-z0-9_.+-]*)$/;

function readEndpoints(texts: readonly string[], problems: string[]): readonly string[] {
  for (const text of texts)
    if (!endpoint.test(text))
      problems.push(
        `--engine=${abbreviate(hidePassword(text))} is not unix:///PATH, tcp://HOST:PORT, ssh://USER@HOST or the name of a docker context`,
      );
  return texts;
}

/** Reports the messages of packages at the end, where a user reads them. */
async function reportElog(outcomes: readonly TupleOutcome[], report: Report): Promise<void> {
  const { describeElog } = await import('../../portage/output/elog.ts');
  for (const outcome of outcomes) {
    const lines = outcome.type === 'unchanged' ? [] : describeElog(outcome.elog);
    if (lines.length > 0)
      await report({
        type: 'note',
        message: [`messages of the packages of ${outcome.tuple.name}:`, ...lines].join('\n'),
      });
  }
}

function withFailures(output: string, outcomes: readonly TupleOutcome[]): string | PartialSuccess {
  const failed = outcomes.flatMap((outcome) => (outcome.type === 'failed' ? outcome.failures : []));
  const [first, ...others] = new Set(failed);
  return first === undefined ? output : { output, failures: [first, ...others] };
}

function describeAsTable(outcomes: readonly TupleOutcome[]): string {
  const rows = outcomes.map((outcome) =>
    outcome.type === 'failed'
      ? [outcome.tuple.name, `failed: ${outcome.failures.map(({ code }) => code).join(', ')}`]
      : [outcome.tuple.name, outcome.type, ...outputNames.map((output) => outcome.outputs[output] ?? '')],
  );
  const columns = outputNames.map((output) => output.toUpperCase());
  return formatTable([['TUPLE', 'STATE', ...columns], ...rows]);
}
