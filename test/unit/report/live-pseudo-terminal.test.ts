import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/report/event.ts';
import { PseudoTerminal } from '../../support/pseudo-terminal.ts';
import { LiveView } from './live-view.ts';
import { breakLine, Terminal } from './terminal.ts';

/** The events of a real build of a site with three containers at once, each with its seconds since the start. */
const recorded = fileURLToPath(import.meta.resolve('./events-of-a-build.jsonl'));
const program = fileURLToPath(import.meta.resolve('../../support/replay-program.ts'));
const events = readFileSync(recorded, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as [number, Event])[1]);

/**
 * Replays the build at a terminal; returns everything that was written to it. `during` acts while the replay pauses in the middle of
 * the build.
 */
async function replay(columns: number, rows: number, during?: (terminal: PseudoTerminal) => Promise<void>) {
  const environment = { NODE: process.execPath, PROGRAM: program, RECORDED: recorded };
  const command = `exec "$NODE" "$PROGRAM" "$RECORDED" 90 ${during === undefined ? '' : '30'}`;
  await using terminal = await PseudoTerminal.open(command, environment, columns, rows);
  if (during !== undefined) {
    await during(terminal);
    terminal.type('go on\n');
  }
  expect(await terminal.ended).toBe(0);
  const shown = Buffer.from(terminal.shown, 'latin1').toString('utf8');
  return shown.slice(shown.indexOf('go\r\n') + 'go\r\n'.length).replaceAll('\r\n', '\n');
}

/** The lines that stay on a terminal of any size. */
async function linesThatStay(): Promise<readonly string[]> {
  const { terminal, report } = await LiveView.open({ columns: 1000, rows: 1000 });
  for (const event of events) void report(event);
  await report.close();
  return terminal.text;
}

describe('a real build of several containers at a real terminal', () => {
  it.each([
    [90, 12],
    [50, 5],
  ])('fits into %d columns and %d rows, and keeps the permanent lines', async (columns, rows) => {
    const screen = new Terminal(columns, rows);
    screen.write(await replay(columns, rows));
    const lines = (await linesThatStay()).map((line) => breakLine(line, columns));
    expect(lines.length).toBeGreaterThan(8);
    expect(screen.text).toEqual(lines.flat().map((row) => row.trimEnd()));
    expect(screen).toMatchObject({ wraps: lines.flat().length - lines.length, overshoots: 0, cursorVisible: true });
  });

  it('shows the overall progress, and several packages with their estimates', async () => {
    const shown = await replay(120, 40);
    const screen = new Terminal(120, 40);
    screen.write(shown);
    expect(screen.text).toEqual(await linesThatStay());
    expect(shown).toMatch(/\d+ of \d+ done, 2 at work, about \d+s left/);
    const atOnce =
      /(\S+:dev-libs\/greeting-2\.0): compile for [^\n]* package 1 of 1 {2}\d+s of about \d+s[^\n]*\n(?:\x1b\[K)? {6}dev-libs\/greeting-2\.0 {2}[a-z]+ /;
    expect(shown).toMatch(atOnce);
    expect(new Set([...shown.matchAll(/(\S+):dev-libs\/greeting-2\.0: compile /g)].map(([, place]) => place))).toEqual(
      new Set(['x86-64-base', 'x86-64-v2-base']),
    );
  });

  it('survives a terminal whose size changes all the time', async () => {
    const shown = await replay(100, 30, async (terminal) => {
      for (const [columns, rows] of [
        [40, 8],
        [140, 50],
        [20, 3],
        [100, 30],
      ] as const) {
        await terminal.resize(columns, rows);
        const before = terminal.shown.length;
        await terminal.see(new RegExp(`^[^]{${before + 1},}`));
      }
    });
    expect(shown.endsWith('\x1b[?25h')).toBe(true);
  });
});
