import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { writeDot, writeMermaid } from '../../../src/plan/graph-languages.ts';
import { graphPlan, type PlanGraph } from '../../../src/plan/plan-graph.ts';
import { predictGraph } from '../../../src/plan/predict-graph.ts';
import { readDot, readMermaid } from './graph-readers.ts';
import { sitePlan, tuplePlan, upToDate } from './plans.ts';
import { tupleOf } from './sites.ts';
import { anyString } from '../../support/any-string.ts';

const languages = [
  ['DOT', (graph: PlanGraph) => readDot(writeDot(graph))],
  ['Mermaid', (graph: PlanGraph) => readMermaid(writeMermaid(graph))],
] as const;

const failure = new Failure('package-unsatisfiable', 'no');
const graph = graphPlan(sitePlan([tuplePlan({ name: 'a' }), upToDate('b'), tuplePlan({ name: 'c', failure })]));

test('the edges from stages, trees and orders to the objects that are made from them', () => {
  const keys = new Map(graph.nodes.map(({ id, kind, label }) => [id, `${kind} ${label[kind === 'output' ? 1 : 0]}`]));
  const partition = 'partition x86_64-pc-linux-gnu/x86-64/ministage-0123456789ab';
  expect(graph.edges.map(({ from, to }) => `${keys.get(from)} > ${keys.get(to)}`)).toEqual([
    'stage ministage > buildmaster x86-64-base',
    'tree gentoo > buildmaster x86-64-base',
    `buildmaster x86-64-base > ${partition}`,
    `${partition} > tuple a`,
    'stage ministage > tuple a',
    'tuple a > output zentoo/net/a:latest',
    'tuple a > output output/a.tar.zst',
    `${partition} > tuple b`,
    'stage ministage > tuple b',
    `${partition} > tuple c`,
    'stage ministage > tuple c',
    'tuple c > output zentoo/net/c:latest',
    'tuple c > output output/c.tar.zst',
  ]);
  const states = Object.fromEntries(graph.nodes.map(({ id, state }) => [keys.get(id), state]));
  expect(states).toMatchObject({
    ...{ 'stage ministage': 'there', [partition]: 'made' },
    ...{ 'tuple a': 'made', 'tuple b': 'there', 'tuple c': 'failed', 'output output/c.tar.zst': 'failed' },
  });
});

describe.each(languages)('%s', (_name, roundTrip) => {
  test('says the same', () => {
    const read = roundTrip(graph);
    expect([...read.nodes].map(([id, { label }]) => [id, label])).toEqual(
      graph.nodes.map(({ id, label }) => [id, label.join('\n')]),
    );
    expect(read.edges).toEqual(graph.edges.map(({ from, to }) => [from, to]));
  });

  test.each([
    ...[
      '"]; n1 [label="x',
      'a"b',
      '\\',
      '\\"',
      'end\\',
      '\\N \\G \\l',
      '&quot; &amp; &#34;',
      '<b>x</b>',
      '<br>',
      '%% x',
    ],
    ...['"`markdown`"', '#quot; #35;', 'a --> b', ']:::x', 'subgraph', '${x}', '{{x}}', 'ü 漢 🙂', '**x** _y_', '1;2'],
  ])('a hostile name: %s', (hostile) => {
    const [, node] =
      roundTrip({ name: hostile, nodes: [{ ...first(graph), id: 'n1', label: ['x', hostile] }], edges: [] })
        .nodes.entries()
        .next().value ?? fail();
    expect(node.label).toBe(`x\n${hostile}`);
  });

  test('any name', () => {
    const name = anyString();
    fc.assert(
      fc.property(name, fc.array(name, { minLength: 1, maxLength: 3 }), (site, label) => {
        const nodes = [{ ...first(graph), id: 'n1', label }];
        const { nodes: read } = roundTrip({ name: site, nodes, edges: [{ from: 'n1', to: 'n1' }] });
        const printable = label.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' '));
        expect(read.get('n1')?.label).toBe(printable.join('\n'));
      }),
    );
  });
});

describe('a node', () => {
  const labelsOf = (...args: Parameters<typeof sitePlan>) =>
    graphPlan(sitePlan(...args)).nodes.map(({ kind, label, state }) => [kind, state, ...label]);

  test('has a label with the name, the reason and the numbers of packages', () => {
    expect(labelsOf([tuplePlan({ name: 'a' }), upToDate('b'), tuplePlan({ name: 'c', failure })])).toEqual([
      ['tree', 'there', 'gentoo', 'c'.repeat(10)],
      ['stage', 'there', 'ministage'],
      ['buildmaster', 'made', 'x86-64-base', 'there is no buildmaster yet'],
      ['tuple', 'made', 'a', '1 to compile, 1 from the store'],
      ['partition', 'made', 'x86_64-pc-linux-gnu/x86-64/ministage-0123456789ab'],
      ['output', 'made', 'image', 'zentoo/net/a:latest'],
      ['output', 'made', 'archive', 'output/a.tar.zst'],
      ['tuple', 'there', 'b', 'up to date'],
      ['tuple', 'failed', 'c', 'cannot be built'],
      ['output', 'failed', 'image', 'zentoo/net/c:latest'],
      ['output', 'failed', 'archive', 'output/c.tar.zst'],
    ]);
  });

  test('is there if nothing makes it: a buildmaster, a partition or an output that stays', () => {
    const { buildmaster, outputs, ...planned } = tuplePlan({ name: 'a' });
    const kept = outputs.map((output) => ({ ...output, action: 'keep' as const }));
    const reused = planned.packages.filter(({ action }) => action !== 'compile');
    const plan = { ...planned, packages: reused, outputs: kept, buildmaster: upToDate('a').buildmaster };
    const states = labelsOf([plan]).map(([kind, state]) => [kind, state]);
    expect(Object.fromEntries(states)).toEqual({
      ...{ tree: 'there', stage: 'there', buildmaster: 'there', partition: 'there', output: 'there' },
      tuple: 'made',
    });
    expect(buildmaster.action).toBe('make');
  });

  test('cannot be made if its tree is empty', () => {
    const trees = [{ repository: 'lab', revision: undefined, locked: undefined }];
    expect(labelsOf([], { trees })).toEqual([['tree', 'failed', 'lab', 'empty']]);
  });

  test('for a partition is absent if Portage has not told it', () => {
    const { nodes, edges } = graphPlan(sitePlan([tuplePlan({ partition: undefined })]));
    const idOf = (kind: string) => nodes.find((node) => node.kind === kind)?.id;
    expect(idOf('partition')).toBeUndefined();
    expect(edges).toContainEqual({ from: idOf('stage'), to: idOf('tuple') });
  });

  test('for a partition counts as made if any tuple compiles into it, whichever comes first', () => {
    for (const tuples of [
      [tuplePlan({ name: 'a' }), upToDate('b')],
      [upToDate('b'), tuplePlan({ name: 'a' })],
    ])
      expect(labelsOf(tuples).find(([kind]) => kind === 'partition')?.[1]).toBe('made');
  });
});

describe('the orders of a build', () => {
  const wanted = ['a', 'b'].map((name) => {
    const image = tuplePlan().buildmaster.image;
    const fingerprint = { digest: '0'.repeat(64), inputs: {} };
    return { tuple: tupleOf({ name }), fingerprint, buildmaster: { name: image, isThere: false } };
  });
  const item = { slot: '0', repository: 'gentoo', root: '/', isCompiled: true, use: [], inputs: 'i' };
  const packages = [
    { ...item, cpv: 'cat/lib-1' },
    { ...item, cpv: 'cat/tool-1' },
  ];
  const answer = { packages, needs: [[], [0]], partitions: { root: 'p', host: 'p' } };
  const drawn = (resolved: Parameters<typeof predictGraph>[1]) => {
    const tuples = [tuplePlan({ name: 'a' }), tuplePlan({ name: 'b' })].map((one) => ({ ...one, outputs: [] }));
    const { nodes, edges } = graphPlan(sitePlan(tuples, { graph: predictGraph(wanted, resolved) }));
    const keys = new Map(nodes.map(({ id, kind, label }) => [id, kind === 'resolve' ? kind : `${kind} ${label[0]}`]));
    const orders = new Map(nodes.map(({ id, order }) => [keys.get(id), order]));
    const state = new Set(nodes.filter(({ order }) => order !== undefined).map((node) => node.state));
    return { edges: edges.map(({ from, to }) => `${keys.get(from)} > ${keys.get(to)}`), orders, state };
  };

  test('are drawn once, with the edges that do not follow from others', () => {
    const { edges, orders, state } = drawn(new Map([['a', answer]]));
    expect(edges.filter((edge) => !/^(?:stage|tree|partition) | > partition /.test(edge))).toEqual([
      'buildmaster x86-64-base > resolve',
      'packages cat/lib-1 > packages cat/tool-1',
      'packages cat/tool-1 > tuple a',
      'resolve > packages cat/lib-1',
      'resolve > tuple b',
    ]);
    expect([...orders].filter(([, order]) => order !== undefined).map(([key]) => key)).toEqual([
      'buildmaster x86-64-base',
      'resolve',
      'packages cat/lib-1',
      'packages cat/tool-1',
      'tuple a',
    ]);
    expect(state).toEqual(new Set(['made']));
  });

  test('lead from Portage to a tuple that has no package to compile', () => {
    const reused = { ...answer, packages: packages.map((one) => ({ ...one, isCompiled: false })) };
    const { edges } = drawn(new Map([['a', reused]]));
    expect(edges.filter((edge) => edge.startsWith('resolve'))).toEqual(['resolve > tuple a', 'resolve > tuple b']);
  });

  test('name the image of a buildmaster that the plan does not list', () => {
    const plan = sitePlan([tuplePlan({ name: 'a' })], { graph: predictGraph(wanted, new Map()), buildmasters: [] });
    const labels = graphPlan(plan).nodes.filter(({ kind }) => kind === 'buildmaster');
    expect(labels.map(({ label }) => label)).toEqual([['zentoo/net/buildmaster:x86-64-base-12345678']]);
  });
});

describe('the text of a graph', () => {
  const kinds = ['stage', 'tree', 'buildmaster', 'partition', 'resolve', 'packages', 'tuple', 'output'] as const;
  const states = ['there', 'made', 'failed'] as const;
  const small: PlanGraph = {
    name: 'net',
    nodes: kinds.map((kind, index) => ({ id: `n${index}`, kind, label: ['x'], state: states[index % 3] ?? 'there' })),
    edges: [{ from: 'n0', to: 'n1' }],
  };

  test('in DOT has shapes, classes and styles that graphviz knows', () => {
    expect(writeDot(small).split('\n')).toEqual([
      'digraph "net" {',
      '  rankdir=LR;',
      '  n0 [label="x", class="stage", shape=cylinder, style=solid];',
      '  n1 [label="x", class="tree", shape=folder, style=bold, color="#1a7f37"];',
      '  n2 [label="x", class="buildmaster", shape=component, style=dashed, color="#cf222e"];',
      '  n3 [label="x", class="partition", shape=cylinder, style=solid];',
      '  n4 [label="x", class="resolve", shape=hexagon, style=bold, color="#1a7f37"];',
      '  n5 [label="x", class="packages", shape=ellipse, style=dashed, color="#cf222e"];',
      '  n6 [label="x", class="tuple", shape=box, style=solid];',
      '  n7 [label="x", class="output", shape=note, style=bold, color="#1a7f37"];',
      '  n0 -> n1;',
      '}',
      '',
    ]);
  });

  test('in Mermaid has shapes and classes that Mermaid knows', () => {
    expect(writeMermaid(small).split('\n')).toEqual([
      'flowchart LR',
      '  n0[("x")]:::there',
      '  n1[/"x"/]:::made',
      '  n2[["x"]]:::failed',
      '  n3[("x")]:::there',
      '  n4{{"x"}}:::made',
      '  n5("x"):::failed',
      '  n6["x"]:::there',
      '  n7(["x"]):::made',
      '  n0 --> n1',
      '  classDef there stroke:#888',
      '  classDef made stroke:#1a7f37,stroke-width:3px',
      '  classDef failed stroke:#cf222e,stroke-dasharray:5',
      '',
    ]);
  });
});

test('two nodes of one name and different kinds are different nodes', () => {
  const plan = sitePlan([tuplePlan({ name: 'gentoo' })]);
  expect(new Set(graphPlan(plan).nodes.map(({ id }) => id)).size).toBe(graphPlan(plan).nodes.length);
  expect(
    graphPlan(plan)
      .nodes.filter(({ label }) => label[0] === 'gentoo')
      .map(({ kind }) => kind),
  ).toEqual(['tree', 'tuple']);
});

function first({ nodes }: PlanGraph): PlanGraph['nodes'][number] {
  return nodes[0] ?? fail();
}

function fail(): never {
  throw new Error('there is none');
}
