import { abbreviate } from '../../abbreviate.ts';
import type { WorkerStatus } from '../../build/distcc/list-workers.ts';
import type { RemovedWorkers } from '../../build/distcc/remove-workers.ts';
import { formatTable } from './format-table.ts';
import type { ZentooCommand } from './zentoo-command.ts';

const actions = ['up', 'status', 'down'] as const;

/** `zentoo distcc up|status|down` */
export const distccCommand: ZentooCommand = {
  name: 'distcc',
  operands: 'up|status|down',
  summary: 'have, show and remove workers that compile for the builds of the site',
  details: `  up [TUPLE...]           workers for the buildmasters of these tuples, or of all; they stay until they are removed
  --count N               how many for each buildmaster (default: the processors of the engine)
  status                  each worker: its buildmaster, its compiler, and how many files it has compiled
  down                    remove all of them, with their network and images

Builds use the workers of their buildmaster when there are any, and compile by themselves what these do not.
`,
  options: { single: ['count'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const [word, ...names] = given.positional;
    const action = actions.find((known) => known === word);
    if (action === undefined)
      problems.push(
        word === undefined
          ? `distcc needs to know what to do: ${actions.join(', ')}`
          : `distcc knows no ${abbreviate(word)}: there are ${actions.join(', ')}`,
      );
    const count = readCount(given.value('count'), problems);
    if (action !== 'up' && given.value('count') !== undefined) problems.push('--count is for distcc up');
    if (action !== undefined && action !== 'up' && names.length > 0)
      problems.push(`distcc ${action} is for all workers of the site, and takes no tuples`);
    return async (world) => {
      const { readSite } = await import('../../site/read-site.ts');
      const { chooseTuples } = await import('./choose-tuples.ts');
      const site = readSite(settings.site);
      const tuples = chooseTuples(site, names);
      const { openSiteRun } = await import('../../build/tuple/open-site-run.ts');
      const { describeWorkers } = await import('../../build/distcc/list-workers.ts');
      const { json } = settings;
      if (action === 'up') {
        const { raiseWorkers } = await import('../../build/distcc/raise-workers.ts');
        const run = await openSiteRun(site, world, { keepFailed: false, tuples });
        await raiseWorkers(run, tuples, count);
        return printWorkers(site.name, await describeWorkers(run), json);
      }
      const run = await openSiteRun(site, world, { keepFailed: false, pull: false });
      if (action === 'status') return printWorkers(site.name, await describeWorkers(run), json);
      const { removeWorkers } = await import('../../build/distcc/remove-workers.ts');
      return printRemoved(site.name, await removeWorkers(run), json);
    };
  },
};

/** No machine that this runs on has more processors. */
const mostWorkers = 1024;

function readCount(text: string | undefined, problems: string[]): number | undefined {
  if (text === undefined) return undefined;
  const count = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostWorkers)
    problems.push(`--count=${abbreviate(text)} is not a number from 1 to ${mostWorkers}`);
  return count;
}

function printWorkers(site: string, workers: readonly WorkerStatus[], json: boolean): string {
  if (json) return `${JSON.stringify({ site, workers: workers.map(describeForPrograms) })}\n`;
  if (workers.length === 0) return `the site ${site} has no distcc workers\n`;
  const rows = workers.map((worker) => [
    worker.name,
    worker.state,
    String(worker.slots),
    String(worker.jobs),
    worker.buildmaster + (worker.isCurrent ? '' : ' (of no tuple)'),
    worker.compiler + describeCompiler(worker),
  ]);
  return formatTable([['WORKER', 'STATE', 'SLOTS', 'JOBS', 'BUILDMASTER', 'COMPILER'], ...rows]);
}

function describeCompiler({ hasSameCompiler }: WorkerStatus): string {
  return hasSameCompiler === undefined
    ? ''
    : hasSameCompiler
      ? ", the buildmaster's"
      : ", not the buildmaster's any more";
}

function describeForPrograms(worker: WorkerStatus): object {
  const { name, buildmaster, isCurrent, image, compiler, hasSameCompiler = null, state, slots, jobs } = worker;
  return { name, buildmaster, isCurrent, image, compiler, hasSameCompiler, state, slots, jobs };
}

function printRemoved(site: string, { workers, images, network }: RemovedWorkers, json: boolean): string {
  if (json) return `${JSON.stringify({ site, workers, images, network: network ?? null })}\n`;
  const removed = [...workers, ...images, ...(network === undefined ? [] : [network])];
  return removed.length === 0
    ? `the site ${site} has no distcc workers\n`
    : removed.map((name) => `${name}\n`).join('');
}
