import { existsSync, globSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { Failure } from '../../setup/failure.js';
import { roomOf } from '../../setup/lint/walls.js';
import { PROJECT } from '../../setup/places.js';

const SOURCES = join(PROJECT, 'src');

/** The room of a source file, given by its path in a project: its folder in `src`; `src` for the files at the top. */
export function roomOfPath(path: string, project = PROJECT): string {
  const room = roomOf(relative(join(project, 'src'), path).split(sep).join('/'));
  return room.endsWith('.ts') ? 'src' : room;
}

/** The names of all rooms, sorted. */
export function listRooms(): readonly string[] {
  const files = globSync('**/*.ts', { cwd: SOURCES });
  return [...new Set(files.map((file) => roomOfPath(join(SOURCES, file))))].toSorted();
}

/**
 * The rooms that a command's arguments name; all rooms if there are no arguments.
 * @throws {Failure} if an argument is not a room
 */
export function chooseRooms(args: readonly string[], rooms: readonly string[] = listRooms()): readonly string[] {
  const unknown = args.find((arg) => !rooms.includes(arg));
  if (unknown !== undefined) {
    throw new Failure('choose rooms', `there is no room ${unknown}`, {
      hint: `use one of: ${rooms.join(', ')}`,
      status: 2,
    });
  }
  return args.length === 0 ? rooms : args;
}

/** The folder of a room's own unit tests, relative to a project: a room without such a folder shares the folder of the room around it. */
export function testsOf(room: string, project = PROJECT): string {
  const folder = join('test/unit', room === 'src' ? '' : room);
  return existsSync(join(project, folder)) ? folder : testsOf(dirname(room), project);
}

/** Aligns cells in columns: the first column to the left, the others to the right. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const align = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((cells) => `${cells.map(align).join('  ').trimEnd()}\n`).join('');
}
