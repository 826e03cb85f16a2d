import { describe, expect, it } from 'vitest';
import { collectOutcomes } from '../../../../src/zentoo/command/collect-outcomes.ts';
import { Failure } from '../../../../src/failure.ts';
import { growGraph, type WantedTuple } from '../../../../src/plan/expand-site.ts';
import { recordFailure } from '../../../../src/plan/failure-record.ts';
import type { PackageOrigin, TupleAnswer, WorkAnswer } from '../../../../src/plan/work-answer.ts';
import type { WorkOrder } from '../../../../src/plan/work-order.ts';
import { runSchedule } from '../../../../src/schedule/schedule.ts';
import { tupleOf } from '../../plan/sites.ts';

const fingerprint = { digest: '0'.repeat(64), inputs: {} };
const names = ['a', 'b', 'c', 'd', 'e'];
const wanted: readonly WantedTuple[] = names.map((name) => ({
  ...{ tuple: tupleOf({ name }), fingerprint },
  buildmaster: { name: name === 'e' ? 'other' : 'm', isThere: false },
}));

const said = (cpv: string) =>
  ({ cpv, time: new Date(0), messages: [{ level: 'log', phase: 'postinst', lines: ['x'] }] }) as const;

const originOf = (cpv: string): PackageOrigin => ({ cpv, origin: 'compiled', why: 'new' });

function resolved(tuple: string, ...cpvs: readonly string[]): TupleAnswer {
  const packages = cpvs.map((cpv) => ({
    ...{ cpv, slot: '0', repository: 'gentoo', root: '/', isCompiled: !cpv.startsWith('c/stored') },
    ...{ use: [], inputs: 'i' },
  }));
  const resolution = { packages, needs: packages.map(() => []), partitions: { root: 'p', host: 'p' } };
  return { type: 'resolved', tuple, resolved: resolution, origins: cpvs.map(originOf) };
}

const refusal = recordFailure(new Failure('package-unknown', 'd: there is no such package'));

/** An executor for which one buildmaster and one package fail. */
async function execute(order: WorkOrder): Promise<WorkAnswer> {
  switch (order.kind) {
    case 'buildmaster':
      if (order.buildmaster === 'other') throw new Failure('cpu-unusable', 'failed to use the cpu');
      return { kind: 'buildmaster', elog: [said('c/gcc-1')] };
    case 'resolve':
      return {
        ...{ kind: 'resolve', abilities: { observable: false, measuresSpace: false } },
        tuples: [
          resolved('a', 'c/tool-1', 'c/stored-1', 'c/lib-1'),
          resolved('b', 'c/bad-1'),
          resolved('c', 'c/bad-1'),
          { type: 'refused', tuple: 'd', failures: [refusal] },
        ],
      };
    case 'packages':
      if (order.packages[0]?.cpv === 'c/bad-1')
        throw new Failure('build-failed', 'failed to emerge c/bad-1', { elog: [said('c/bad-1')] });
      // A package that only the compilation needs is not in the root.
      return {
        kind: 'packages',
        elog: order.packages[0]?.cpv === 'c/lib-1' ? [said('c/helper-1'), said('c/lib-1')] : [],
      };
    case 'assemble':
      return {
        kind: 'assemble',
        outputs: { image: 'i' },
        sizes: {},
        elog: [said('c/lib-1'), said('c/tool-1')],
        durations: {},
      };
  }
}

describe('the outcomes of tuples', async () => {
  const { nodes, expand } = growGraph(wanted, () => undefined);
  const { signal } = new AbortController();
  const outcomes = collectOutcomes(
    wanted,
    await runSchedule(nodes, { jobs: 2, executor: { execute }, expand, signal }),
  );
  const messages = (name: string) => {
    const outcome = outcomes.find(({ tuple }) => tuple.name === name);
    return outcome?.type === 'failed' ? outcome.failures.map(({ message }) => message) : [];
  };

  it('have the origins of the packages, and each message of a package once', () => {
    expect(outcomes[0]).toMatchObject({
      ...{ type: 'built', outputs: { image: 'i' }, packages: ['c/tool-1', 'c/stored-1', 'c/lib-1'].map(originOf) },
      ...{ elog: [{ cpv: 'c/gcc-1' }, { cpv: 'c/helper-1' }, { cpv: 'c/lib-1' }, { cpv: 'c/tool-1' }] },
    });
  });

  it('have one failure for all tuples that need a package that failed', () => {
    expect(messages('b')).toEqual(['b, c: failed to emerge c/bad-1']);
    const [b, c] = outcomes.slice(1, 3).map((outcome) => (outcome.type === 'failed' ? outcome.failures[0] : undefined));
    expect(b).toBe(c);
  });

  it('case 5.2: have the messages of the packages, also if a package fails, for each tuple that needs it', () => {
    const [, b, c, d] = outcomes;
    const compiler = said('c/gcc-1');
    expect([b, c]).toMatchObject([{ elog: [compiler, said('c/bad-1')] }, { elog: [compiler, said('c/bad-1')] }]);
    // Portage refuses the tuple after its buildmaster was made.
    expect(d).toMatchObject({ elog: [compiler] });
  });

  it('have the failure of a tuple that Portage refuses, and of a buildmaster that could not be made', () => {
    expect(messages('d')).toEqual(['d: there is no such package']);
    expect(messages('e')).toEqual(['e: failed to use the cpu']);
  });
});
