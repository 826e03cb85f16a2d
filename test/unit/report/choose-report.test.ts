import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

import { expect, test } from 'vitest';

import { chooseReport, type ReportChoice } from '../../../src/report/choose-report.ts';
import type { OpenReport } from '../../../src/report/event.ts';
import { CapturedStream } from './captured-stream.ts';
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
  ['a variable CI that is false', { environment: { CI: 'false', TERM: 'xterm' } }, true, true],
  ['an empty variable CI', { environment: { CI: '' } }, true, true],
  ['a terminal with --progress=plain', { progress: 'plain' }, true, false],
  ['a pipe with --progress=live', { progress: 'live' }, false, true],
  ['a dumb terminal with --progress=live', { progress: 'live', environment: { TERM: 'dumb' } }, true, true],
  ['a terminal with --log-format=json', { logFormat: 'json', progress: 'live' }, true, false],
] as const)('%s', async (_where, choice, isTTY, live) => {
  const terminal = await renderStep(choice, isTTY, 1000);
  expect(terminal.cursorVisible).toBe(!live);
});

test.each([
  ['the terminal', {}, true, 40],
  ['COLUMNS if there is no terminal', { environment: { COLUMNS: '30' } }, false, 30],
  ['80 columns if nothing tells the width', {}, false, 80],
  ['80 columns if COLUMNS is not a number', { environment: { COLUMNS: 'wide' } }, false, 80],
] as const)('the live view is as wide as %s', async (_who, choice, isTTY, columns) => {
  const terminal = await renderStep({ progress: 'live', ...choice }, isTTY, isTTY ? 40 : 200);
  expect(terminal.text[0]).toHaveLength(columns - 1);
});

test('uses no colours if NO_COLOR is set', async () => {
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

// The end of a real process differs from the `exit` event by what its standard error, a pipe, has not written yet.

/** Runs a program that reports a few events and ends as `ending` says; returns its standard error. */
async function runProgram(ending: string, progress: 'live' | 'plain'): Promise<string> {
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

/** Reports the same events inside the test, and ends with `end`; returns what was written. */
async function runInside(end: (report: OpenReport) => Promise<void>, progress: 'live' | 'plain'): Promise<string> {
  const stderr = new CapturedStream();
  const report = await chooseReport({ progress, logFormat: 'text', stderr, environment: {}, program });
  void report({ type: 'step-started', step: 'sync', detail: '' });
  void report({ type: 'note', message: 'the last word' });
  await end(report);
  return stderr.text;
}

const closing = (report: OpenReport) => report.close();

/** Calls what listens to the end of the process, as a program that has nothing more to do does. */
async function ending(): Promise<void> {
  for (const listener of process.listeners('exit')) if (!others.includes(listener)) listener.call(process, 0);
}
const others = process.listeners('exit');

test.each([
  ['exits at once', () => runProgram('process.exit(3);', 'live')],
  ['fails', () => runProgram('throw new Error("defect");', 'live')],
  ['has nothing more to do', () => runInside(ending, 'live')],
  ['closes the report', () => runInside(closing, 'live')],
] as const)('a program that %s leaves the cursor visible and the last lines readable', async (_how, run) => {
  const written = await run();
  expect(written).toContain(hideCursor);
  expect(written.slice(written.lastIndexOf(hideCursor))).toContain(showCursor);
  expect(written).toContain('note: the last word\n');
});

test.each([
  ['exits at once', () => runProgram('process.exit(3);', 'plain')],
  ['has nothing more to do', () => runInside(ending, 'plain')],
  ['closes the report', () => runInside(closing, 'plain')],
] as const)('a program that %s has written all of its plain lines', async (_how, run) => {
  expect(await run()).toContain('[3/7] sync ...\nnote: the last word\n');
});
