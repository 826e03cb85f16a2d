import { existsSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { loadSqlite } from './sqlite.ts';

/** Identifies a node of a graph whose duration is recorded. */
export interface TimedNode {
  /** The kind of work: `packages`, `assemble`, ... */
  readonly kind: string;
  /** The place of the work, such as a partition of the store: with other compiler flags, the same package takes another time. */
  readonly place: string;
  /** `category/name` of a package, or the name of a tuple. */
  readonly name: string;
  /** The version of a package; empty if there is none. */
  readonly version: string;
}

/** The durations of earlier builds. */
export interface History {
  /**
   * Estimates the seconds that a node will take, from the most similar nodes: the same node, another version in the same place,
   * any version anywhere, or the mean of its kind. Returns undefined if nothing is known.
   */
  estimate(node: TimedNode): number | undefined;
  /** The seconds that the same node took; undefined if it is not known. */
  recall(node: TimedNode): number | undefined;
  add(durations: readonly Duration[]): void;
}

/** The duration of one node. `ended` is in milliseconds since 1970. */
export interface Duration extends TimedNode {
  readonly seconds: number;
  readonly ended: number;
}

/** A history in a file. */
export interface HistoryFile extends History {
  /** Deletes old durations and closes the file. */
  close(): void;
}

/** The error of a file that is not a history, or is damaged. */
export class UnusableHistory extends Error {
  override readonly name = 'UnusableHistory';
}

/** Identifies the files of this program in the header of the database. */
const application = 0x7a656e74;
/** The version of the tables: increment it when they change. */
const schema = 1;
const lastTimes = 5;
/** The durations that are kept per node, and in total: a row takes about 150 bytes. */
const keptOfEach = 10;
const keptOfAll = 20_000;
const longestDuration = 100 * 24 * 3600;

const tables = `
  CREATE TABLE durations (
    kind TEXT NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    seconds REAL NOT NULL CHECK (seconds >= 0), ended INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX by_name ON durations (kind, name, place, version, ended);
  PRAGMA application_id = ${application};
  PRAGMA user_version = ${schema};`;

const insertion = 'INSERT INTO durations (kind, place, name, version, seconds, ended) VALUES (?, ?, ?, ?, ?, ?)';

/** The conditions that select similar nodes, the most similar first. */
const similarities = [
  'kind = :kind AND name = :name AND place = :place AND version = :version',
  'kind = :kind AND name = :name AND place = :place AND :version = :version',
  'kind = :kind AND name = :name AND :place = :place AND :version = :version',
] as const;

/** The statements that delete all durations except the latest ones of each node and the latest ones in total. */
const prunings = [
  `DELETE FROM durations WHERE rowid IN (SELECT rowid FROM (SELECT rowid, row_number() OVER (
     PARTITION BY kind, place, name, version ORDER BY ended DESC, rowid DESC) AS nth FROM durations)
   WHERE nth > ${keptOfEach})`,
  `DELETE FROM durations WHERE rowid IN (
     SELECT rowid FROM durations ORDER BY ended DESC, rowid DESC LIMIT -1 OFFSET ${keptOfAll})`,
  'VACUUM',
] as const;

/**
 * Opens a history, and makes the file if it is missing. Throws {@link UnusableHistory} if the file is damaged, belongs to
 * another program, or to a later version of this one; errors of the file system are thrown as they are. Returns undefined if
 * Node has no SQLite.
 */
export function openHistory(path: string): HistoryFile | undefined {
  const sqlite = loadSqlite();
  if (sqlite === undefined) return undefined;
  const isNew = !existsSync(path);
  const database = new sqlite.DatabaseSync(path);
  try {
    // The file is a copy that no other process opens, and the original is replaced as a whole.
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

/** SQLite's codes for a file that is not a database (SQLITE_NOTADB), is damaged (SQLITE_CORRUPT), or has other tables (SQLITE_ERROR). */
function isDamage(error: unknown): error is Error {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  const code = Number(error.errcode) & 0xff;
  return code === 26 || code === 11 || code === 1;
}

function historyIn(database: DatabaseSync): HistoryFile {
  const insert = database.prepare(insertion);
  const alike = similarities.map((condition) =>
    database.prepare(
      `SELECT seconds FROM durations WHERE ${condition} ORDER BY ended DESC, rowid DESC LIMIT ${lastTimes}`,
    ),
  );
  const mean = database.prepare('SELECT avg(seconds) AS seconds FROM durations WHERE kind = ?');

  function add(durations: readonly Duration[]): void {
    database.exec('BEGIN');
    for (const { kind, place, name, version, seconds, ended } of durations) {
      // The clock may have been set.
      if (seconds >= 0 && seconds <= longestDuration) insert.run(kind, place, name, version, seconds, ended);
    }
    database.exec('COMMIT');
  }
  const median = (statement: StatementSync | undefined, { kind, place, name, version }: TimedNode) => {
    const times = statement?.all({ kind, place, name, version }).map(({ seconds }) => Number(seconds)) ?? [];
    return times.length > 0 ? medianOf(times) : undefined;
  };
  return {
    add,
    recall: (node) => median(alike[0], node),
    estimate(node) {
      for (const statement of alike) {
        const seconds = median(statement, node);
        if (seconds !== undefined) return seconds;
      }
      const average = mean.get(node.kind)?.['seconds'];
      return typeof average === 'number' ? average : undefined;
    },
    close() {
      for (const pruning of prunings) database.exec(pruning);
      database.close();
    },
  };
}

/** The median ignores single durations of a machine that was suspended or busy. */
function medianOf(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
