import { fingerprintBuildmaster } from '../../plan/fingerprint.ts';
import { PackagePool } from '../../plan/package-pool.ts';
import { assemblyNode, packageNodes, type Estimate, type SiteNode, type SiteWork } from '../../plan/site-work.ts';
import { failuresOf, type Failure } from '../../failure.ts';
import type { ElogEntry } from '../../portage/elog.ts';
import type { Executed, Executor } from '../../schedule/executor.ts';
import { withTask } from '../../report/with-task.ts';
import type { Tuple } from '../../site/site.ts';
import { explainRefusal } from '../in-workspace.ts';
import type { EmergeAbilities } from '../portage-settings.ts';
import { createStepTimer } from '../step-timer.ts';
import { assembleTuple, type AssembledTuple } from './assemble-tuple.ts';
import { compilePackages, type Compilation } from './compile-packages.ts';
import { shareMachine, type Machine } from './machine-share.ts';
import { findBuildmaster, makeBuildmaster, type Buildmaster } from './make-buildmaster.ts';
import { resolveTuples } from './resolve-tuples.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';

/** What became of a tuple when Portage was asked for it. */
export type TupleResolution =
  | {
      readonly type: 'resolved';
      /** Everything that would be merged, compiled or from the store, `category/name-version` each, sorted. */
      readonly merged: readonly string[];
      /** The ids of what is compiled for it, here or for another one. */
      readonly waitsFor: readonly string[];
    }
  | { readonly type: 'refused'; readonly failures: readonly Failure[] };

/** What became of a node. */
export type SiteResult =
  | { readonly kind: 'buildmaster' }
  /** By the names of the tuples. */
  | { readonly kind: 'resolve'; readonly tuples: ReadonlyMap<string, TupleResolution> }
  | { readonly kind: 'packages'; readonly cpvs: readonly string[]; readonly elog: readonly ElogEntry[] }
  | ({ readonly kind: 'assemble' } & AssembledTuple);

type SiteExecuted = Executed<SiteWork, SiteResult>;

/** Does the work of a site's build in containers of the run's engine. */
export function createLocalExecutor(
  run: SiteRun,
  machine: Machine,
  estimate: Estimate,
): Executor<SiteWork, SiteResult> {
  const pool = new PackagePool();
  const abilities = new Map<string, EmergeAbilities>();
  const share = (atOnce: number) => shareMachine(machine, atOnce, run.site.limits);

  /** The run as a task has it, whose events say so, and the timer of its steps. */
  function taskOf(name: string, seconds: number | undefined) {
    const own: SiteRun = { ...run, report: withTask(run.report, name) };
    return { own, step: createStepTimer(run.report, name, seconds) };
  }
  async function buildmasterOf(tuple: Tuple): Promise<Buildmaster> {
    const found = await findBuildmaster(run, tuple, fingerprintBuildmaster(tuple, surroundingsOf(run, tuple)));
    if (found === undefined) throw new Error(`the buildmaster of ${tuple.name} is gone`);
    return found;
  }
  async function buildmaster({ work }: NodeOf<'buildmaster'>, atOnce: number): Promise<SiteExecuted> {
    const { tuple, name } = work;
    const { own, step } = taskOf(name, estimate(work));
    const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
    const from = `from ${stageOf(run, tuple).name}`;
    await step('buildmaster', from, makeBuildmaster, own, tuple, fingerprint, share(atOnce));
    return { result: { kind: 'buildmaster' } };
  }
  async function resolve({ work }: NodeOf<'resolve'>): Promise<SiteExecuted> {
    const tuples = work.tuples.map(({ tuple }) => tuple);
    const [first] = tuples;
    if (first === undefined) throw new Error('nothing to ask Portage for');
    const { own, step } = taskOf(first.name, estimate(work));
    const others = tuples.length > 1 ? `, and for ${tuples.length - 1} more` : '';
    const known = await buildmasterOf(first);
    const answered = await step('resolve', `in ${known.name}${others}`, resolveTuples, own, tuples, known);
    const resolutions = new Map<string, TupleResolution>();
    const nodes: SiteNode[] = [];
    abilities.set(known.name, answered.abilities);
    for (const [index, answer] of answered.tuples.entries()) {
      const { tuple } = answer;
      const wanted = work.tuples[index];
      if (answer.type === 'refused' || wanted === undefined) {
        if (answer.type === 'refused') resolutions.set(tuple.name, answer);
        continue;
      }
      const { groups, ids } = pool.add(answer.resolved);
      const merged = answer.resolved.packages.map(({ cpv }) => cpv).toSorted();
      resolutions.set(tuple.name, { type: 'resolved', merged, waitsFor: ids });
      nodes.push(...packageNodes(tuple, groups, estimate), assemblyNode(wanted, ids, estimate));
    }
    return { result: { kind: 'resolve', tuples: resolutions }, nodes };
  }
  async function packages({ work }: NodeOf<'packages'>, atOnce: number): Promise<SiteExecuted> {
    const { tuple, group } = work;
    const cpvs = group.packages.map(({ cpv }) => cpv);
    const name = `${tuple.cpu.name}-${tuple.portage.name}:${cpvs[0] ?? ''}`;
    const { own, step } = taskOf(name, estimate(work));
    const buildmaster = await buildmasterOf(tuple);
    const compilation = {
      ...{ tuple, group, buildmaster, share: share(atOnce) },
      abilities: abilities.get(buildmaster.name) ?? { observable: false, measuresSpace: false },
    };
    const detail = [`for ${tuple.name}`, ...(cpvs.length > 1 ? [`with ${cpvs.slice(1).join(', ')}`] : [])].join(', ');
    const elog = await step('compile', detail, compileSomewhere, own, compilation);
    return { result: { kind: 'packages', cpvs, elog } };
  }
  /** What does not fit on a tmpfs is built on a volume: who runs this need not know beforehand how large packages are. */
  async function compileSomewhere(own: SiteRun, compilation: Compilation): Promise<readonly ElogEntry[]> {
    try {
      return await compilePackages(own, compilation);
    } catch (error) {
      const [failure] = failuresOf(error);
      if (failure?.code !== 'tmpfs-full' || own.signal.aborted) throw error;
      await own.report({
        type: 'warning',
        message: `${failure.message}; it is built on a volume now`,
        hint: failure.hint,
      });
      return compilePackages({ ...own, tmpfs: undefined }, compilation);
    }
  }
  async function assemble({ work }: NodeOf<'assemble'>): Promise<SiteExecuted> {
    const { tuple, fingerprint } = work.wanted;
    const { own } = taskOf(tuple.name, undefined);
    const assembled = await assembleTuple(own, tuple, await buildmasterOf(tuple), fingerprint);
    return { result: { kind: 'assemble', ...assembled } };
  }
  function execute(node: SiteNode, atOnce: number): Promise<SiteExecuted> {
    const { work } = node;
    switch (work.kind) {
      case 'buildmaster':
        return buildmaster({ work }, atOnce);
      case 'resolve':
        return resolve({ work });
      case 'packages':
        return packages({ work }, atOnce);
      case 'assemble':
        return assemble({ work });
    }
  }
  return { execute: (node, { atOnce }) => explainRefusal(execute(node, atOnce)) };
}

/** A node of one kind of work. */
interface NodeOf<Kind extends SiteWork['kind']> {
  readonly work: Extract<SiteWork, { readonly kind: Kind }>;
}
