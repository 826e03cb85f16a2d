import { describe, expect, it } from 'vitest';
import { newCacheRecords, type CacheRecord } from '../../bench/cache-records.ts';

const during = '2026-01-01T00:00:30.123456789Z';
const after = '2026-01-01T00:02:00Z';
const builds = [{ start: new Date('2026-01-01T00:00:00Z'), end: new Date('2026-01-01T00:01:00Z') }];

function record(ID: string, Parent: string, more: Partial<CacheRecord> = {}): CacheRecord {
  return { ID, Parent, Description: `mount / from exec ${ID}`, InUse: false, CreatedAt: during, ...more };
}
const base = record('base', '');
const newBase = record('new-base', 'base', { Description: 'from local ' });
const marked = record('marked', 'new-base', { Description: 'mount / from exec /bin/sh -c true # bench-1' });
const above = record('above', 'marked');
const foreign = record('foreign', 'new-base');

function idsOf(now: readonly CacheRecord[], before: readonly CacheRecord[] = [base]): readonly string[] {
  return newCacheRecords({ mark: 'bench-1', before, builds }, now).map(({ ID }) => ID);
}

describe('newCacheRecords', () => {
  it('has what is marked, what stands on it, and what is new below it; not what others built on the same', () => {
    expect(idsOf([base, newBase, marked, above, foreign])).toEqual(['new-base', 'marked', 'above']);
  });

  it('leaves what was there before', () => {
    expect(idsOf([base, newBase, marked], [base, newBase, marked])).toEqual([]);
  });

  it('has what is marked though it is still in use; of what was sent, nobody knows whose that is', () => {
    const context = record('context', '', { Description: 'http url http://build-context-abc', InUse: true });
    expect(idsOf([context, { ...marked, InUse: true }])).toEqual(['marked']);
  });

  it('has what was sent to the engine while a build ran, and not what was sent later', () => {
    const context = record('context', '', { Description: 'http url http://build-context-abc' });
    expect(idsOf([context, record('late', '', { CreatedAt: after })])).toEqual(['context']);
  });

  it('reads the parents of newer engines', () => {
    const { Parent: _, ...rest } = above;
    expect(idsOf([marked, { ...rest, Parents: ['marked'] }])).toEqual(['marked', 'above']);
  });
});
