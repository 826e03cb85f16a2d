import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { gone } from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

const program = fileURLToPath(import.meta.resolve('../support/shell-program.ts'));

/** The name of a container that is removed when the test ends, in any case. */
function containerName(): string {
  const name = uniqueName('shell');
  onTestFinished(async () => {
    await rawDocker()
      .getContainer(name)
      .remove({ force: true, v: true })
      .catch(() => {});
  });
  return name;
}

async function exists(name: string): Promise<boolean> {
  return (await rawDocker().listContainers({ all: true, filters: { name: [name] } })).length > 0;
}

/** A terminal at which a command runs in a container. The terminal's modes are printed before and after. */
function openShell(name: string, command: string, environment: NodeJS.ProcessEnv = {}): Promise<PseudoTerminal> {
  const run = '"$NODE" "$PROGRAM" "$CONTAINER" /bin/bash --norc --noprofile ${COMMAND:+-c "$COMMAND"}';
  const script = `stty -g; (echo program=$(exec sh -c 'echo $PPID'); exec ${run}); echo "status=$?"; stty -g`;
  return PseudoTerminal.open(script, {
    NODE: process.execPath,
    PROGRAM: program,
    CONTAINER: name,
    COMMAND: command,
    ...environment,
  });
}

/** The exit status of the program. Expects that the terminal has its former modes again. */
async function endOf(terminal: PseudoTerminal): Promise<number> {
  await terminal.ended;
  const modes = terminal.shown.match(/^[0-9a-f]+(:[0-9a-f]+){10,}(?=\r$)/gm);
  expect(modes).toHaveLength(2);
  expect(modes?.[1]).toBe(modes?.[0]);
  return Number(/status=(\d+)/.exec(terminal.shown)?.[1]);
}

/** A command that prints the events it receives. `word` is not in the typed line, so that the echo of the line is no answer. */
const tellHangUp = `trap 'echo "hung up"; exit 9' HUP; echo "rea""dy"; while :; do sleep 1 & wait $!; done`;

/**
 * A program that prints the size at each SIGWINCH. It is no trap of bash: stty(1) changes columns and rows one after the other,
 * and bash forgets a signal that comes while the trap of the same signal runs.
 */
const tellSizes = `
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
print("rea" + "dy", flush=True)
while signal.sigwait({signal.SIGWINCH}):
    size = os.get_terminal_size()
    print("size", size.lines, size.columns, flush=True)
`;

describe('a shell at a terminal', () => {
  test('has a terminal of the same size and type', async () => {
    await using terminal = await openShell(
      containerName(),
      'test -t 0 && test -t 1 && tty && stty size && echo "$TERM"',
    );
    expect(await endOf(terminal)).toBe(0);
    expect(terminal.shown).toContain('/dev/pts/0\r\n31 101\r\nxterm\r\n');
  });

  test('learns each new size by SIGWINCH', async () => {
    await using terminal = await openShell(containerName(), `exec python3 -c '${tellSizes}'`);
    await terminal.see(/ready/);
    await terminal.resize(77, 22);
    await terminal.see(/size 22 77/);
    await terminal.resize(200, 50);
    await terminal.see(/size 50 200/);
    terminal.type('\x03');
    expect(await endOf(terminal)).toBe(130);
  });

  test('has job control: keys stop and interrupt its commands, and not the program', async () => {
    const name = containerName();
    await using terminal = await openShell(name, '');
    await terminal.see(/# $/);
    terminal.type(`sh -c 'echo sleep""ing; exec sleep 500'\r`);
    await terminal.see(/sleeping\r\n/);
    terminal.type('\x03');
    await terminal.see(/\^C[^]*# $/);
    terminal.type(`echo status: $?\r`);
    await terminal.see(/status: 130/);
    terminal.type(`sh -c 'echo doz""ing; exec sleep 500'\r`);
    await terminal.see(/dozing\r\n/);
    terminal.type('\x1a');
    await terminal.see(/Stopped/);
    // A shell that has a stopped job does not end at Ctrl-D.
    terminal.type('kill -KILL %1; until [ -z "$(jobs -s)" ]; do :; done; echo kill""ed; false\r');
    await terminal.see(/killed\r\n[^]*# $/);
    terminal.type('\x04');
    expect(await endOf(terminal)).toBe(1);
    expect(await exists(name)).toBe(false);
  });

  // The kernel holds 640 KiB for a terminal. If a paste fills that, Docker 20.10 may repeat a byte: of 5 MB, one was repeated at
  // byte 593,648, in one of six runs on a busy machine.
  test('receives 400 kB of pasted bytes of any value', async () => {
    const paste = randomBytes(400_000);
    const command = 'stty raw -echo; echo "rea""dy"; head -c 400000 | sha256sum';
    await using terminal = await openShell(containerName(), command);
    await terminal.see(/ready/);
    terminal.type(paste);
    const digest = createHash('sha256').update(paste).digest('hex');
    await terminal.see(/[0-9a-f]{64}/);
    expect(await endOf(terminal)).toBe(0);
    expect(terminal.shown).toContain(digest);
  });

  test('shows every byte unchanged: a line feed of a full-screen program only moves the cursor down', async () => {
    const command = String.raw`stty raw -echo; printf 'first\nsecond\r\nthird\0\377\033[5n end'`;
    await using terminal = await openShell(containerName(), command);
    await endOf(terminal);
    expect(terminal.shown).toContain('first\nsecond\r\nthird\0\xff\x1b[5n end');
  });

  test('has the terminal for itself: the live report prints nothing', async () => {
    await using terminal = await openShell(containerName(), 'echo "be""gin"; sleep 2.5; echo "e""nd"');
    await endOf(terminal);
    expect(terminal.shown).toMatch(/a step that lasts[^]*begin\r\nend\r\n/);
  });

  test('gets SIGHUP if the program gets SIGTERM, and the program cleans up', async () => {
    const name = containerName();
    await using terminal = await openShell(name, tellHangUp);
    await terminal.see(/ready/);
    process.kill(Number(/program=(\d+)/.exec(terminal.shown)?.[1]), 'SIGTERM');
    expect(await endOf(terminal)).toBe(143);
    expect(terminal.shown).toContain('hung up');
    expect(await exists(name)).toBe(false);
  });

  test('ends with its container when the terminal is closed', async () => {
    const name = containerName();
    await using terminal = await openShell(name, tellHangUp);
    await terminal.see(/ready/);
    const removed = gone(rawDocker().getContainer(name).wait({ condition: 'removed' }));
    terminal.close();
    await removed;
    expect(await exists(name)).toBe(false);
  });

  test('whose connection is cut reports it, and restores the terminal', async () => {
    await using proxy = await EngineProxy.open();
    const name = containerName();
    await using terminal = await openShell(name, tellHangUp, { DOCKER_HOST: proxy.address });
    await terminal.see(/ready/);
    proxy.cut({ method: 'POST', path: /\/exec\/[0-9a-f]+\/start/ });
    expect(await endOf(terminal)).toBe(16);
    expect(terminal.shown).toContain('failed to run the shell: its connection to the engine was cut');
    expect(await exists(name)).toBe(false);
  });

  test.each([126, 129, 137, 255])('returns the status %i', async (status) => {
    await using terminal = await openShell(containerName(), `exit ${status}`);
    expect(await endOf(terminal)).toBe(status);
  });
});

describe('a shell at pipes', () => {
  async function pipe(command: readonly string[], input: string | Buffer) {
    const child = spawn(process.execPath, [program, containerName(), ...command]);
    child.stdin.end(input);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: child.exitCode, stdout, stderr };
  }

  test('runs piped commands, keeps both outputs apart and returns the status', async () => {
    const { status, stdout, stderr } = await pipe(['/bin/bash'], 'tty; echo bad >&2; exit 7\n');
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'not a tty\n' });
    expect(stderr).toContain('bad\n');
  });

  test('passes all data in both directions', async () => {
    const input = randomBytes(2_500_000).toString('hex');
    const { status, stdout } = await pipe(['/bin/cat'], input);
    expect(status).toBe(0);
    expect(stdout === input).toBe(true);
  });

  test('ends at the end of its input', async () => {
    expect(await pipe(['/bin/bash'], '')).toMatchObject({ status: 0, stdout: '' });
  });
});
