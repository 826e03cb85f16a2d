import { describe, expect, it } from 'vitest';
import { judgeOutcomes } from '../../../../src/build/tuple/judge-outcomes.ts';
import type { SiteResult } from '../../../../src/build/tuple/local-executor.ts';
import { Failure } from '../../../../src/failure.ts';
import { beginSite, type WantedTuple } from '../../../../src/plan/site-work.ts';
import type { Outcome } from '../../../../src/schedule/schedule.ts';
import { tupleOf } from '../../plan/sites.ts';

const fingerprint = { digest: '0'.repeat(64), inputs: {} };
const names = ['a', 'b', 'c', 'd', 'e'];
const wanted: readonly WantedTuple[] = names.map((name) => ({
  ...{ tuple: tupleOf({ name }), fingerprint },
  buildmaster: { name: name === 'e' ? 'other' : 'm', isThere: false },
}));
const begin = beginSite(wanted, () => undefined);

const done = (result: SiteResult): Outcome<SiteResult> => ({ type: 'done', result, seconds: 1 });
const failed = (error: unknown): Outcome<SiteResult> => ({ type: 'failed', error, seconds: 1 });
const skipped = (...because: string[]): Outcome<SiteResult> => ({ type: 'skipped', because });

const said = (cpv: string) =>
  ({ cpv, time: new Date(0), messages: [{ level: 'log', phase: 'postinst', lines: ['x'] }] }) as const;
const assembled = { kind: 'assemble', image: 'i', archive: undefined, durations: {} } as const;

const outcomes = new Map<string, Outcome<SiteResult>>([
  ['buildmaster m', done({ kind: 'buildmaster' })],
  ['buildmaster other', failed(new Failure('cpu-unusable', 'failed to use the cpu'))],
  [
    'resolve a',
    done({
      kind: 'resolve',
      tuples: new Map([
        ['a', { type: 'resolved', merged: ['c/lib-1', 'c/tool-1'], waitsFor: ['lib', 'tool'] }],
        ['b', { type: 'resolved', merged: ['c/bad-1'], waitsFor: ['bad'] }],
        ['c', { type: 'resolved', merged: ['c/bad-1'], waitsFor: ['bad'] }],
        ['d', { type: 'refused', failures: [new Failure('package-unknown', 'd: there is no such package')] }],
      ]),
    }),
  ],
  ['resolve e', skipped('buildmaster other')],
  ['lib', done({ kind: 'packages', cpvs: ['c/lib-1'], elog: [said('c/lib-1')] })],
  ['tool', done({ kind: 'packages', cpvs: ['c/tool-1'], elog: [] })],
  ['bad', failed(new Failure('build-failed', 'failed to emerge c/bad-1'))],
  ['assemble a', done({ ...assembled, elog: [said('c/lib-1'), said('c/tool-1')] })],
  ['assemble b', skipped('bad')],
  ['assemble c', skipped('bad')],
]);

describe('what came of tuples', () => {
  const judged = judgeOutcomes(wanted, begin, outcomes);
  const messages = (name: string) => {
    const outcome = judged.find(({ tuple }) => tuple.name === name);
    return outcome?.type === 'failed' ? outcome.failures.map(({ message }) => message) : [];
  };

  it('has what was compiled for one, and what was said, each once', () => {
    expect(judged[0]).toMatchObject({
      ...{ type: 'built', image: 'i', merged: ['c/lib-1', 'c/tool-1'], compiled: ['c/lib-1', 'c/tool-1'] },
      elog: [{ cpv: 'c/lib-1' }, { cpv: 'c/tool-1' }],
    });
  });

  it('has one failure for all that a package is missing to', () => {
    expect(messages('b')).toEqual(['b, c: failed to emerge c/bad-1']);
    const [b, c] = judged.slice(1, 3).map((outcome) => (outcome.type === 'failed' ? outcome.failures[0] : undefined));
    expect(b).toBe(c);
  });

  it('has what Portage refuses, and what a buildmaster fails with', () => {
    expect(messages('d')).toEqual(['d: there is no such package']);
    expect(messages('e')).toEqual(['e: failed to use the cpu']);
  });
});
