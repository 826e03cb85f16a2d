import { actionOf } from './plan-json.ts';
import type { SitePlan, TuplePlan } from './plan.ts';

/** What of a plan is made from what; nodes and edges are in a fixed order. */
export interface PlanGraph {
  readonly name: string;
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
}

export interface PlanNode {
  /** Letters and digits; names no two nodes of a graph. */
  readonly id: string;
  readonly kind: 'stage' | 'tree' | 'buildmaster' | 'partition' | 'tuple' | 'output';
  /** Lines of text from outside. */
  readonly label: readonly string[];
  /** Whether it is there, would be made, or cannot be. */
  readonly state: 'there' | 'made' | 'failed';
}

export interface PlanEdge {
  readonly from: string;
  readonly to: string;
}

/** Stages and trees, the buildmasters made from them, the partitions of the store, tuples and their outputs. */
export function graphPlan(plan: SitePlan): PlanGraph {
  const nodes = new Map<string, PlanNode>();
  const edges = new Map<string, PlanEdge>();
  const add = (kind: PlanNode['kind'], key: string, label: readonly string[], state: PlanNode['state']): string => {
    const known = nodes.get(`${kind} ${key}`);
    const id = known?.id ?? `n${nodes.size + 1}`;
    // A partition is written to by any of its tuples.
    if (known === undefined || state === 'made') nodes.set(`${kind} ${key}`, { id, kind, label, state });
    return id;
  };
  const connect = (from: string, to: string): void => {
    edges.set(`${from} ${to}`, { from, to });
  };
  const stageOf = (name: string) => add('stage', name, [name], 'there');
  const trees = plan.trees.map(({ repository, revision }) =>
    add(
      'tree',
      repository,
      [repository, (revision ?? 'empty').slice(0, 10)],
      revision === undefined ? 'failed' : 'there',
    ),
  );
  for (const { name, stage, action, why } of plan.buildmasters) {
    const id = add('buildmaster', name, [name, ...why.slice(0, 1)], action === 'make' ? 'made' : 'there');
    for (const source of [stageOf(stage), ...trees]) connect(source, id);
  }
  for (const planned of plan.tuples) {
    const state = stateOf(planned);
    const id = add('tuple', planned.tuple.name, [planned.tuple.name, ...summarize(planned)], state);
    const buildmaster = nodes.get(`buildmaster ${planned.buildmaster.name}`)?.id;
    if (planned.partition !== undefined) {
      const compiles = state === 'made' && planned.packages.some(({ action }) => action === 'compile');
      const partition = add('partition', planned.partition, [planned.partition], compiles ? 'made' : 'there');
      if (buildmaster !== undefined) connect(buildmaster, partition);
      connect(partition, id);
    } else if (buildmaster !== undefined) connect(buildmaster, id);
    connect(stageOf(planned.tuple.stage.name), id);
    for (const { output, name, action } of planned.outputs)
      connect(
        id,
        add(
          'output',
          `${output} ${name}`,
          [output, name],
          action === 'make' ? (state === 'failed' ? state : 'made') : 'there',
        ),
      );
  }
  return { name: plan.site, nodes: [...nodes.values()], edges: [...edges.values()] };
}

function stateOf(planned: TuplePlan): PlanNode['state'] {
  return ({ none: 'there', build: 'made', fail: 'failed' } as const)[actionOf(planned)];
}

function summarize({ packages, upToDate, failure }: TuplePlan): readonly string[] {
  if (failure) return ['cannot be built'];
  if (upToDate) return ['up to date'];
  const count = (action: string) => packages.filter((item) => item.action === action).length;
  return [`${count('compile')} to compile, ${count('reuse')} from the store`];
}
