import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openHistory, UnusableHistory, type HistoryFile, type TimedNode } from '../../../src/schedule/history.ts';

let directory = '';
let path = '';
const open: HistoryFile[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gentoo-builder-history-test-'));
  path = join(directory, 'history.sqlite');
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
  rmSync(directory, { recursive: true });
});

function openOne(): HistoryFile {
  const history = openHistory(path);
  if (history === undefined) throw new Error('this Node has no SQLite');
  open.push(history);
  return history;
}

function close(history: HistoryFile): void {
  open.splice(open.indexOf(history), 1);
  history.close();
}

function note(history: HistoryFile, of: TimedNode, seconds: number): void {
  history.add([{ ...of, seconds, ended: Date.now() }]);
}

/** Fills a history with that and lets go of it. */
function noteAll(durations: readonly (readonly [TimedNode, number])[]): void {
  const history = openOne();
  for (const [each, seconds] of durations) note(history, each, seconds);
  close(history);
}

const node: TimedNode = { kind: 'package', place: 'generic', name: 'app-misc/greet', version: '1.0' };

describe('an estimate', () => {
  test('comes from the most similar nodes, and is undefined if none is known', () => {
    expect(openOne().estimate(node)).toBeUndefined();
    noteAll([[{ ...node, kind: 'assemble', name: 'a' }, 1000]]);
    expect(openOne().estimate(node)).toBeUndefined();
    noteAll([
      [{ ...node, name: 'app-misc/other' }, 10],
      [{ ...node, name: 'app-misc/another' }, 20],
    ]);
    expect(openOne().estimate(node)).toBe(15);
    noteAll([[{ ...node, place: 'native', version: '0.9' }, 40]]);
    expect(openOne().estimate(node)).toBe(40);
    noteAll([[{ ...node, version: '0.9' }, 50]]);
    expect(openOne().estimate(node)).toBe(50);
    expect(openOne().recall(node)).toBeUndefined();
    noteAll([[node, 60]]);
    expect(openOne().recall(node)).toBe(60);
    expect(openOne().estimate(node)).toBe(60);
  });

  test('is the median of the last durations, so that one unusual duration does not change it', () => {
    const history = openOne();
    for (const seconds of [500, 500, 500, 10, 12, 9000, 11, 13]) note(history, node, seconds);
    expect(history.estimate(node)).toBe(12);
    note(history, { ...node, version: '2' }, 7);
    note(history, { ...node, version: '2' }, 8);
    expect(history.estimate({ ...node, version: '2' })).toBe(7.5);
  });

  test('ignores durations that no clock can have measured', () => {
    const history = openOne();
    note(history, node, 10);
    for (const seconds of [-1, NaN, Infinity, 1e12]) note(history, node, seconds);
    expect(history.estimate(node)).toBe(10);
  });

  test('counts the latest durations, in whichever order they were added', () => {
    const history = openOne();
    const at = (ended: number, seconds: number) => ({ ...node, ended, seconds });
    history.add([at(6, 30), at(7, 30), at(8, 30), at(1, 5), at(2, 5), at(3, 5), at(4, 5), at(5, 30), at(9, 30)]);
    expect(history.estimate(node)).toBe(30);
  });

  test('is the middle of an odd number of times, and between the two in the middle of an even number', () => {
    const history = openOne();
    for (const seconds of [9, 1, 4]) note(history, node, seconds);
    expect(history.estimate(node)).toBe(4);
    note(history, node, 6);
    expect(history.estimate(node)).toBe(5);
  });

  test('counts a node that took no time, and one that took a hundred days, but none that took longer', () => {
    const history = openOne();
    const days = 24 * 3600;
    note(history, { ...node, name: 'a/quick' }, 0);
    note(history, { ...node, name: 'a/slow' }, 100 * days);
    note(history, { ...node, name: 'a/wrong' }, 100 * days + 1);
    expect(history.estimate({ ...node, name: 'a/quick' })).toBe(0);
    expect(history.estimate({ ...node, name: 'a/slow' })).toBe(100 * days);
    expect(history.estimate({ ...node, name: 'a/wrong' })).toBe(50 * days);
  });

  test('works for any name', () => {
    const history = openOne();
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.nat(1e6),
        (place, name, seconds) => {
          note(history, { ...node, place, name }, seconds);
          for (let n = 0; n < 4; n += 1) note(history, { ...node, place, name }, seconds);
          expect(history.estimate({ ...node, place, name })).toBe(seconds);
        },
      ),
    );
  });
});

describe('a file', () => {
  test('is kept, and read again', () => {
    noteAll([[node, 4]]);
    expect(openOne().estimate(node)).toBe(4);
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ['empty', (file) => truncateSync(file, 0), /not a history/],
    ['cut in the middle', (file) => truncateSync(file, 6000), /malformed|database/],
    ['garbage', (file) => writeFileSync(file, Buffer.alloc(9000, 'no history')), /not a database/],
    [
      'damaged within',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0xff, 4096, bytes.length);
        writeFileSync(file, bytes);
      },
      /./,
    ],
    [
      "another application's",
      (file) => {
        rmSync(file);
        const database = new DatabaseSync(file);
        database.exec('CREATE TABLE durations (seconds); PRAGMA application_id = 42;');
        database.close();
      },
      /not a history/,
    ],
    [
      'of a later version',
      (file) => {
        const database = new DatabaseSync(file);
        database.exec('PRAGMA user_version = 2');
        database.close();
      },
      /version 2.*is 1/,
    ],
    [
      'of other tables',
      (file) => {
        const database = new DatabaseSync(file);
        database.exec('DROP TABLE durations');
        database.close();
      },
      /no such table/,
    ],
  ])('that is %s is refused, and left as it is', (_what, damage, why) => {
    noteAll(Array.from({ length: 200 }, (_, index) => [{ ...node, name: `a/${index}` }, index] as const));
    damage(path);
    const before = readFileSync(path);
    expect(openOne).toThrow(UnusableHistory);
    expect(openOne).toThrow(why);
    expect(readFileSync(path)).toEqual(before);
  });

  test('in a missing directory does not count as damaged', () => {
    path = join(directory, 'absent', 'history.sqlite');
    expect(openOne).toThrow(/unable to open/);
    expect(openOne).not.toThrow(UnusableHistory);
  });

  test('does not grow without end: it keeps the last durations of each node, and the last ones in total', () => {
    const history = openOne();
    const times = Array.from({ length: 1000 }, (_, ended) => ({ ...node, seconds: ended, ended }));
    const others = Array.from({ length: 30_000 }, (_, ended) => ({ ...node, name: `a/${ended}`, seconds: 1, ended }));
    history.add([...others, ...times.map((each) => ({ ...each, ended: each.ended + 1e6 }))]);
    close(history);
    const database = new DatabaseSync(path);
    const count = (condition: string) =>
      database.prepare(`SELECT count(*) AS count, min(seconds) AS least FROM durations WHERE ${condition}`).get();
    expect(count("name = 'app-misc/greet'")).toMatchObject({ count: 10, least: 990 });
    expect(count('true')).toMatchObject({ count: 20_000 });
    expect(count("name = 'a/29999'")).toMatchObject({ count: 1 });
    expect(count("name = 'a/0'")).toMatchObject({ count: 0 });
    database.close();
    expect(statSync(path).size).toBeLessThan(4e6);
  });
});

test('an error that is no damage of the file is thrown as it is', () => {
  const busy = Object.assign(new Error('the database is locked'), { errcode: 5 });
  for (const error of [busy, new Error('no code')]) {
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(() => {
      throw error;
    });
    let caught: unknown;
    try {
      openHistory(path);
    } catch (one) {
      caught = one;
    }
    expect(caught).toBe(error);
    vi.restoreAllMocks();
  }
});

test.each([26, 11, 1, 267])('an error of SQLite with code %d is damage of the file, with its message', (errcode) => {
  const damage = Object.assign(new Error('database disk image is malformed'), { errcode });
  const close = vi.spyOn(DatabaseSync.prototype, 'close');
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(() => {
    throw damage;
  });
  expect(() => openHistory(path)).toThrow(
    expect.objectContaining({ name: 'UnusableHistory', message: damage.message, cause: damage }),
  );
  expect(close).toHaveBeenCalledOnce();
  vi.restoreAllMocks();
});

test('a Node without SQLite has no history', () => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
  expect(openHistory(path)).toBeUndefined();
  vi.restoreAllMocks();
});

test('the warning of an older Node that SQLite is experimental is suppressed; other warnings are shown', () => {
  const warned: unknown[] = [];
  const load = process.getBuiltinModule.bind(process);
  vi.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void warned.push(args));
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((id: string) => {
    process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
    process.emitWarning('another', { type: 'ExperimentalWarning' });
    process.emitWarning('old', 'DeprecationWarning', 'DEP1');
    return load(id);
  });
  const before: unknown = Reflect.get(process, 'emitWarning');
  expect(openOne().estimate(node)).toBeUndefined();
  expect(warned).toEqual([['old', 'DeprecationWarning', 'DEP1']]);
  expect(Reflect.get(process, 'emitWarning')).toBe(before);
  vi.restoreAllMocks();
});
