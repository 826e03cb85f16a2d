import { relative } from 'node:path';
import { type MutantResult } from '@stryker-mutator/api/core';
import { PROJECT } from '../../setup/places.js';
import { alignColumns, roomOfPath } from './rooms.ts';

/** The rooms in which up to 25 % of the mutants may survive, because much of their text is for people; elsewhere 15 %. */
const LENIENT_ROOMS: readonly string[] = ['engine', 'engine/docker', 'report'];

/** What became of the sampled mutants of a room. */
export interface RoomSurvival {
  readonly room: string;
  /** Timeouts included: a mutant that never ends is noticed. */
  readonly killed: number;
  readonly timeouts: number;
  readonly survivors: readonly MutantResult[];
}

/** Sorts results into rooms. A mutant that no test runs has survived; a mutant outside the sample does not count. */
export function readSurvival(results: readonly MutantResult[], rooms: readonly string[]): readonly RoomSurvival[] {
  const byRoom = Object.groupBy(results, ({ fileName }) => roomOfPath(fileName));
  return rooms.map((room) => {
    const ofRoom = byRoom[room] ?? [];
    return {
      room,
      killed: ofRoom.filter(({ status }) => status === 'Killed' || status === 'Timeout').length,
      timeouts: ofRoom.filter(({ status }) => status === 'Timeout').length,
      survivors: ofRoom.filter(hasSurvived),
    };
  });
}

/** Whether no test noticed the mutant, because none failed or because none runs the place. */
export function hasSurvived({ status }: Pick<MutantResult, 'status'>): boolean {
  return status === 'Survived' || status === 'NoCoverage';
}

/** Whether no more of the room's mutants survived than the room's limit allows. */
export function isWithinLimit({ room, killed, survivors }: RoomSurvival): boolean {
  return survivors.length * 100 <= (killed + survivors.length) * limitOf(room);
}

/** The survival in each room as a table in plain text; a room over its limit is marked. */
export function formatSurvival(rooms: readonly RoomSurvival[]): string {
  return alignColumns([
    ['room', 'mutants', 'killed', 'timeouts', 'survived', 'percent', ''],
    ...rooms.map((survival) => {
      const { room, killed, timeouts, survivors } = survival;
      const mutants = killed + survivors.length;
      const percent = mutants === 0 ? '0.0' : ((100 * survivors.length) / mutants).toFixed(1);
      const mark = isWithinLimit(survival) ? '' : `over ${limitOf(room)}`;
      return [room, mutants, killed, timeouts, survivors.length, percent, mark].map(String);
    }),
  ]);
}

/** A line for each survivor: where it is, which mutator made it, its text, and whether a test runs the place at all. */
export function formatSurvivors(survivors: readonly MutantResult[]): string {
  return survivors
    .map(({ fileName, location, mutatorName, replacement, status }) => {
      const place = `${relative(PROJECT, fileName)}:${location.start.line}:${location.start.column}`;
      const text = (replacement ?? '').replaceAll(/\s+/g, ' ').slice(0, 100);
      return `${place} ${mutatorName} ${text}${status === 'NoCoverage' ? ' (no test runs it)' : ''}\n`;
    })
    .toSorted()
    .join('');
}

function limitOf(room: string): number {
  return LENIENT_ROOMS.includes(room) ? 25 : 15;
}
