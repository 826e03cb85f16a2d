import { abbreviate } from '../../abbreviate.ts';
import type { WorkerStatus } from '../../zentoo/distcc/list-workers.ts';
import type { RemovedWorkers } from '../../zentoo/distcc/remove-workers.ts';
import { formatTable } from './format-table.ts';
import type { ZentooCommand } from './zentoo-command.ts';

const actions = ['up', 'status', 'down'] as const;

/** `zentoo distcc up|status|down` */
export const distccCommand: ZentooCommand = {
  name: 'distcc',
  operands: 'up|status|down',
  summary: 'start, show and remove compile workers for the builds of the site',
  details: `  up [TUPLE...]           start workers for the buildmasters of these tuples, or of all tuples; they stay until removed
  --count N               workers per buildmaster (default: the processors of the engine)
  status                  list the workers: buildmaster, compiler, number of compiled files
  down                    remove all workers, their network and their images

A build uses the workers of its buildmaster if there are any, and compiles the rest itself.
`,
  options: { single: ['count'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const [word, ...names] = given.positional;
    const action = actions.find((known) => known === word);
    if (action === undefined)
      problems.push(
        word === undefined
          ? `distcc needs an action: ${actions.join(', ')}`
          : `unknown action ${abbreviate(word)} of distcc: the actions are ${actions.join(', ')}`,
      );
    const count = readCount(given.value('count'), problems);
    if (action !== 'up' && given.value('count') !== undefined) problems.push('--count is an option of distcc up');
    if (action !== undefined && action !== 'up' && names.length > 0)
      problems.push(`distcc ${action} takes no tuples: it applies to all workers of the site`);
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { chooseTuples } = await import('./choose-tuples.ts');
      const site = readSite(settings.site);
      const tuples = chooseTuples(site, names);
      const { openSiteRun } = await import('../../zentoo/run/open-site-run.ts');
      const { describeWorkers } = await import('../../zentoo/distcc/list-workers.ts');
      const { json } = settings;
      if (action === 'up') {
        const { startWorkers } = await import('../../zentoo/distcc/start-workers.ts');
        const run = await openSiteRun(site, world, { keepFailed: false, pull: tuples });
        await startWorkers(run, tuples, count);
        return formatWorkers(site.name, await describeWorkers(run), json);
      }
      const run = await openSiteRun(site, world, { keepFailed: false, access: 'read', pull: [] });
      if (action === 'status') return formatWorkers(site.name, await describeWorkers(run), json);
      const { removeWorkers } = await import('../../zentoo/distcc/remove-workers.ts');
      return formatRemoved(site.name, await removeWorkers(run), json);
    };
  },
};

/** A limit against typing errors: more than any machine's processors. */
const mostWorkers = 1024;

function readCount(text: string | undefined, problems: string[]): number | undefined {
  if (text === undefined) return undefined;
  const count = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostWorkers)
    problems.push(`--count=${abbreviate(text)} is not a number from 1 to ${mostWorkers}`);
  return count;
}

function formatWorkers(site: string, workers: readonly WorkerStatus[], json: boolean): string {
  if (json) return `${JSON.stringify({ site, workers: workers.map(describeForPrograms) })}\n`;
  if (workers.length === 0) return `the site ${site} has no distcc workers\n`;
  const rows = workers.map((worker) => [
    worker.name,
    worker.state,
    String(worker.slots),
    String(worker.jobs),
    worker.buildmaster + (worker.isCurrent ? '' : ' (no tuple uses it)'),
    worker.compiler + describeCompiler(worker),
  ]);
  return formatTable([['WORKER', 'STATE', 'SLOTS', 'JOBS', 'BUILDMASTER', 'COMPILER'], ...rows]);
}

function describeCompiler({ hasSameCompiler }: WorkerStatus): string {
  return hasSameCompiler === undefined ? '' : hasSameCompiler ? ", the buildmaster's" : ", no longer the buildmaster's";
}

function describeForPrograms(worker: WorkerStatus): object {
  const { name, buildmaster, isCurrent, image, compiler, hasSameCompiler = null, state, slots, jobs } = worker;
  return { name, buildmaster, isCurrent, image, compiler, hasSameCompiler, state, slots, jobs };
}

function formatRemoved(site: string, { workers, images, network }: RemovedWorkers, json: boolean): string {
  if (json) return `${JSON.stringify({ site, workers, images, network: network ?? null })}\n`;
  const removed = [...workers, ...images, ...(network === undefined ? [] : [network])];
  return removed.length === 0
    ? `the site ${site} has no distcc workers\n`
    : removed.map((name) => `${name}\n`).join('');
}
