import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { loadSqlite } from './sqlite.ts';

/** What took so long: a node of a graph of work. */
export interface TimedNode {
  /** What is done: `package`, `assemble`, ... */
  readonly kind: string;
  /** What it is done in, as a partition of the store: what is compiled otherwise takes another time. */
  readonly place: string;
  /** `category/name` of a package, or the name of a tuple. */
  readonly name: string;
  /** Empty where there is none. */
  readonly version: string;
}

/** How long nodes took before. */
export interface History {
  /**
   * How many seconds a node is going to take, by what is most like it: the last times of the very same, of another version
   * of it in the place, of it anywhere, or the mean of its kind. Undefined where nothing is known.
   */
  estimate(node: TimedNode): number | undefined;
  /** Notes that a node has succeeded within so many seconds. */
  note(node: TimedNode, seconds: number): void;
}

/** What was noted of one node, and when: milliseconds of the epoch. */
export interface Duration extends TimedNode {
  readonly seconds: number;
  readonly ended: number;
}

/** A history in a file. */
export interface HistoryFile extends History {
  add(durations: readonly Duration[]): void;
  /** Drops what is too old to matter, and lets go of the file, which is whole then. */
  close(): void;
}

/** Says of a file that it is no history, or not a whole one. */
export class UnusableHistory extends Error {
  override readonly name = 'UnusableHistory';
}

/** In the file's header: it is an application's own, and this one's. */
const application = 0x7a656e74;
/** Counted up with the tables. */
const schema = 1;
const lastTimes = 5;
/** Of each node, and of all: a row takes about 150 bytes. */
const keptOfEach = 10;
const keptOfAll = 20_000;
const longestYet = 100 * 24 * 3600;

const tables = `
  CREATE TABLE durations (
    kind TEXT NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    seconds REAL NOT NULL CHECK (seconds >= 0), ended INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX by_name ON durations (kind, name, place, version, ended);
  PRAGMA application_id = ${application};
  PRAGMA user_version = ${schema};`;

const insertion = 'INSERT INTO durations (kind, place, name, version, seconds, ended) VALUES (?, ?, ?, ?, ?, ?)';

/** From what is most like the node to what is least. */
const likenesses = [
  'kind = :kind AND name = :name AND place = :place AND version = :version',
  'kind = :kind AND name = :name AND place = :place AND :version = :version',
  'kind = :kind AND name = :name AND :place = :place AND :version = :version',
] as const;

/** As few as are still looked at, of each node those that ended last. */
const prunings = [
  `DELETE FROM durations WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER (
     PARTITION BY kind, place, name, version ORDER BY ended DESC, rowid DESC) AS nth FROM durations)
   WHERE nth > ${keptOfEach})`,
  `DELETE FROM durations WHERE rowid IN (
     SELECT rowid FROM durations ORDER BY ended DESC, rowid DESC LIMIT -1 OFFSET ${keptOfAll})`,
  'VACUUM',
] as const;

/**
 * Opens a history; a file that is not there is made. Throws {@link UnusableHistory} where it is damaged, another
 * program's or of a later version of this one, and whatever the file system says. Undefined where this Node has no SQLite.
 */
export function openHistory(path: string): HistoryFile | undefined {
  const sqlite = loadSqlite();
  if (sqlite === undefined) return undefined;
  const isNew = !existsSync(path);
  const database = new sqlite.DatabaseSync(path, { allowExtension: false });
  try {
    // Nobody else has this file open, and what it is a copy of is written when it is whole.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA trusted_schema = OFF;');
    if (isNew) database.exec(tables);
    checkHistory(database);
    return historyIn(database);
  } catch (error) {
    database.close();
    throw isDamage(error) ? new UnusableHistory(error.message, { cause: error }) : error;
  }
}

function checkHistory(database: DatabaseSync): void {
  const value = (pragma: string): unknown => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
  if (value('application_id') !== application) throw new UnusableHistory('it is not a history of durations');
  const version = value('user_version');
  if (version !== schema)
    throw new UnusableHistory(`it is a history of version ${String(version)}, and this program's is ${schema}`);
  const fault = value('integrity_check(1)');
  if (fault !== 'ok') throw new UnusableHistory(String(fault));
}

/** SQLite's own words for what is not a database, or a damaged one (SQLITE_NOTADB, SQLITE_CORRUPT), or has other tables. */
function isDamage(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  const code = Number(error.errcode) & 0xff;
  return code === 26 || code === 11 || code === 1;
}

function historyIn(database: DatabaseSync): HistoryFile {
  const insert = database.prepare(insertion);
  const alike = likenesses.map((condition) =>
    database.prepare(
      `SELECT seconds FROM durations WHERE ${condition} ORDER BY ended DESC, rowid DESC LIMIT ${lastTimes}`,
    ),
  );
  const mean = database.prepare('SELECT avg(seconds) AS seconds FROM durations WHERE kind = ?');

  function add(durations: readonly Duration[]): void {
    database.exec('BEGIN');
    for (const { kind, place, name, version, seconds, ended } of durations) {
      // A clock that jumped is no measure.
      if (seconds >= 0 && seconds <= longestYet) insert.run(kind, place, name, version, seconds, ended);
    }
    database.exec('COMMIT');
  }
  return {
    add,
    note: (node, seconds) => add([{ ...node, seconds, ended: Date.now() }]),
    estimate({ kind, place, name, version }) {
      for (const statement of alike) {
        const times = statement.all({ kind, place, name, version }).map(({ seconds }) => Number(seconds));
        if (times.length > 0) return medianOf(times);
      }
      const average = mean.get(kind)?.['seconds'];
      return typeof average === 'number' ? average : undefined;
    },
    close() {
      for (const pruning of prunings) database.exec(pruning);
      database.close();
    },
  };
}

/** What a machine that was suspended, or busy with something else, took does not move it. */
function medianOf(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
