import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

import { expect, test } from 'vitest';

import { chooseReport, type ReportChoice } from '../../../src/report/choose-report.ts';
import { Terminal, TerminalStream } from './terminal.ts';

const program = { name: 'gentoo-builder', version: '1.2.3' };
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

async function renderStep(
  choice: Partial<ReportChoice>,
  isTTY: boolean,
  columns = 40,
): Promise<Pick<Terminal, 'text' | 'cursorVisible'>> {
  const terminal = new Terminal(columns, 10);
  const stderr = new TerminalStream(terminal, isTTY);
  const report = await chooseReport({
    progress: 'auto',
    logFormat: 'text',
    stderr,
    environment: {},
    program,
    ...choice,
  });
  void report({ type: 'step-started', step: 'sync', detail: 'x'.repeat(200) });
  const { text: lines, cursorVisible } = terminal;
  await report.close();
  return { text: lines, cursorVisible };
}

test.each([
  ['a terminal', {}, true, true],
  ['a pipe', {}, false, false],
  ['a dumb terminal', { environment: { TERM: 'dumb' } }, true, false],
  ['a CI job', { environment: { CI: 'true' } }, true, false],
  ['a variable CI that says no', { environment: { CI: 'false', TERM: 'xterm' } }, true, true],
  ['an empty variable CI', { environment: { CI: '' } }, true, true],
  ['a terminal where plain lines are asked for', { progress: 'plain' }, true, false],
  ['a pipe where the live view is asked for', { progress: 'live' }, false, true],
  ['a dumb terminal where the live view is asked for', { progress: 'live', environment: { TERM: 'dumb' } }, true, true],
  ['a terminal where JSON is asked for', { logFormat: 'json', progress: 'live' }, true, false],
] as const)('%s', async (_where, choice, isTTY, live) => {
  const terminal = await renderStep(choice, isTTY, 1000);
  expect(terminal.cursorVisible).toBe(!live);
});

test.each([
  ['the terminal says', {}, true, 40],
  ['COLUMNS says where there is no terminal', { environment: { COLUMNS: '30' } }, false, 30],
  ['80 where nothing says', {}, false, 80],
  ['80 where COLUMNS is no number', { environment: { COLUMNS: 'wide' } }, false, 80],
] as const)('the live view is as wide as %s', async (_who, choice, isTTY, columns) => {
  const terminal = await renderStep({ progress: 'live', ...choice }, isTTY, isTTY ? 40 : 200);
  expect(terminal.text[0]).toHaveLength(columns - 1);
});

test('colours are left out where NO_COLOR is set', async () => {
  const colourful = await drawRun({});
  expect(colourful).toContain('\x1b[1m[3/7] sync');
  expect(colourful).toContain('\x1b[32m[3/7] sync  1.0s');
  for (const [sequence] of (await drawRun({ NO_COLOR: '1' })).matchAll(/\x1b\[[^a-zA-Z]*[a-zA-Z]/g)) {
    expect(sequence).not.toMatch(/m$/);
  }
  expect(await drawRun({ NO_COLOR: '' })).toBe(colourful);
});

async function drawRun(environment: Record<string, string>): Promise<string> {
  const written: string[] = [];
  const terminal = new Terminal(80, 24);
  terminal.write = (chunk) => void written.push(chunk);
  const stderr = new TerminalStream(terminal);
  const report = await chooseReport({ progress: 'auto', logFormat: 'text', stderr, environment, program });
  void report({ type: 'step-started', step: 'sync', detail: '' });
  void report({ type: 'step-finished', step: 'sync', seconds: 1 });
  await report.close();
  return written.join('');
}

/** Runs a program that reports a little and ends in some way; answers with what it wrote to standard error. */
async function runProgram(ending: string, progress = 'live'): Promise<string> {
  const source = `
    import { chooseReport } from ${JSON.stringify(new URL('../../../src/report/choose-report.ts', import.meta.url).href)};
    const report = await chooseReport({ progress: '${progress}', logFormat: 'text', stderr: process.stderr, environment: {},
      program: { name: 'gentoo-builder', version: '1.2.3' } });
    report({ type: 'step-started', step: 'sync', detail: '' });
    report({ type: 'note', message: 'the last word' });
    ${ending}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return text(child.stderr);
}

const endings = [
  ['exits at once', 'process.exit(3);'],
  ['fails', 'throw new Error("defect");'],
  ['has nothing more to do', ''],
  ['closes the report', 'await report.close(); process.exit();'],
] as const;

test.each(endings)('a program that %s leaves the cursor visible and the last lines readable', async (_how, ending) => {
  const written = await runProgram(ending);
  expect(written).toContain(hideCursor);
  expect(written.slice(written.lastIndexOf(hideCursor))).toContain(showCursor);
  expect(written).toContain('note: the last word\n');
});

test.each(endings)('a program that %s has said in plain lines what it had to say', async (_how, ending) => {
  expect(await runProgram(ending, 'plain')).toContain('[3/7] sync ...\nnote: the last word\n');
});
