import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { openTerminal } from '../../../src/terminal/terminal.ts';
import { temporaryDirectory } from '../site/git-program.ts';

/** The standard streams of a process; each is a pipe unless its properties say that it is a terminal. */
function streams({ stdin = {}, stdout = {}, stderr = {} }: Readonly<Record<string, object>> = {}) {
  return {
    stdin: Object.assign(new PassThrough(), stdin),
    stdout: Object.assign(new PassThrough(), stdout),
    stderr: Object.assign(new PassThrough(), stderr),
  };
}

const tty = { isTTY: true };

describe('a terminal', () => {
  it.each([
    ['that does not tell its size', { stdout: { ...tty, columns: 0, rows: 0 } }, { columns: 80, rows: 24 }],
    ['that is a pipe', { stdout: { columns: 99, rows: 9 } }, { columns: 80, rows: 24 }],
    ['that tells its size', { stdout: { ...tty, columns: 99, rows: 9 } }, { columns: 99, rows: 9 }],
    ['on standard error alone', { stderr: { ...tty, columns: 70, rows: 7 } }, { columns: 70, rows: 7 }],
  ])('%s has a size in columns and rows', (_, properties, size) => {
    expect(openTerminal(streams(properties), {}).size()).toEqual(size);
  });

  it('is interactive if standard input is a terminal, and only then tells its type', () => {
    const environment = { TERM: 'xterm-256color', COLORTERM: 'truecolor', HOME: '/root' };
    const interactive = openTerminal(streams({ stdin: tty }), environment);
    expect(interactive.isInteractive).toBe(true);
    expect(interactive.environment).toEqual({ TERM: 'xterm-256color', COLORTERM: 'truecolor' });
    expect(openTerminal(streams({ stdin: tty }), { TERM: '' }).environment).toEqual({});
    const piped = openTerminal(streams({ stdout: tty }), environment);
    expect([piped.isInteractive, piped.environment]).toEqual([false, {}]);
  });

  it('tells each change of its size until its listener is removed', () => {
    const all = streams({ stdout: tty });
    const listener = vi.fn();
    const remove = openTerminal(all, {}).onResize(listener);
    all.stdout.emit('resize');
    expect(listener).toHaveBeenCalledTimes(1);
    remove();
    all.stdout.emit('resize');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('at pipes has no changes of its size, and no modes', () => {
    const terminal = openTerminal(streams(), {});
    expect(() => terminal.onResize(() => undefined)()).not.toThrow();
    expect(() => terminal.setRaw(true)).not.toThrow();
  });

  it('sets and restores the modes of standard input', () => {
    const setRawMode = vi.fn();
    const terminal = openTerminal(streams({ stdin: { ...tty, setRawMode } }), {});
    terminal.setRaw(true);
    terminal.setRaw(false);
    expect(setRawMode.mock.calls).toEqual([[true], [false]]);
  });

  it('has raw output, too, while standard input has raw mode', () => {
    using directory = temporaryDirectory();
    const told = join(directory.path, 'told');
    writeFileSync(join(directory.path, 'stty'), `#!/bin/sh\n{ echo "$@"; cat; } >'${told}'\n`, { mode: 0o755 });
    writeFileSync(join(directory.path, 'input'), 'the terminal');
    const fd = openSync(join(directory.path, 'input'), 'r');
    const path = process.env['PATH'];
    try {
      process.env['PATH'] = `${directory.path}:${path}`;
      const terminal = openTerminal(streams({ stdin: { ...tty, fd, setRawMode: vi.fn() } }), {});
      terminal.setRaw(false);
      expect(existsSync(told)).toBe(false);
      terminal.setRaw(true);
      expect(readFileSync(told, 'utf8')).toBe('raw -echo -iexten\nthe terminal');
    } finally {
      process.env['PATH'] = path;
      closeSync(fd);
    }
  });

  it.each(['stdin', 'stdout', 'stderr'] as const)('does not end the process if %s is closed', (name) => {
    const all = streams();
    openTerminal(all, {});
    expect(() => all[name].emit('error', new Error('EIO'))).not.toThrow();
  });
});
