import { number, object, parse, record, string } from 'valibot';
import { alignColumns, roomOfPath } from './rooms.ts';

/** The least part of a room's statements that the unit tests must run, in percent. */
const LEAST = 90;

const Summary = record(string(), object({ statements: object({ covered: number(), total: number() }) }));

/** How many statements of a room the unit tests ran. */
export interface RoomCoverage {
  readonly room: string;
  readonly covered: number;
  readonly total: number;
}

/**
 * Adds up the files of each room.
 * @param summary the text of istanbul's `coverage-summary.json`, whose keys are absolute paths and `total`
 * @throws {ValiError} if the text is not such a summary
 */
export function readCoverage(summary: string): readonly RoomCoverage[] {
  const rooms = new Map<string, RoomCoverage>();
  for (const [path, { statements }] of Object.entries(parse(Summary, JSON.parse(summary)))) {
    if (path === 'total') continue;
    const room = roomOfPath(path);
    const { covered, total } = rooms.get(room) ?? { covered: 0, total: 0 };
    rooms.set(room, { room, covered: covered + statements.covered, total: total + statements.total });
  }
  return [...rooms.values()].toSorted((a, b) => (a.room < b.room ? -1 : 1));
}

/** Whether the unit tests run at least 90 % of the room's statements; a room without statements has enough. */
export function hasEnough({ covered, total }: RoomCoverage): boolean {
  return covered * 100 >= total * LEAST;
}

/** The coverage of each room as a table in plain text; a room below the limit is marked. */
export function formatCoverage(rooms: readonly RoomCoverage[]): string {
  return alignColumns([
    ['room', 'statements', 'run', 'percent', ''],
    ...rooms.map((coverage) => {
      const { room, covered, total } = coverage;
      const percent = total === 0 ? '100.0' : ((100 * covered) / total).toFixed(1);
      return [room, String(total), String(covered), percent, hasEnough(coverage) ? '' : `below ${LEAST}`];
    }),
  ]);
}
