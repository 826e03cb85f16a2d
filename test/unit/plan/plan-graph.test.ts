import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { writeDot, writeMermaid } from '../../../src/plan/graph-languages.ts';
import { graphPlan, type PlanGraph } from '../../../src/plan/plan-graph.ts';
import { readDot, readMermaid } from './graph-readers.ts';
import { sitePlan, tuplePlan, upToDate } from './plans.ts';

const languages = [
  ['DOT', (graph: PlanGraph) => readDot(writeDot(graph))],
  ['Mermaid', (graph: PlanGraph) => readMermaid(writeMermaid(graph))],
] as const;

const failure = new Failure('package-unsatisfiable', 'no');
const graph = graphPlan(sitePlan([tuplePlan({ name: 'a' }), upToDate('b'), tuplePlan({ name: 'c', failure })]));

test('what is made from what', () => {
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
    const name = fc.string({ unit: 'binary' });
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

test('two outputs, tuples or trees of one name are told apart by what they are', () => {
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
