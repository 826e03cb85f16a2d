import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseSshAddress } from '../../../../src/engine/ssh/ssh-address.ts';
import { masterArguments } from '../../../../src/engine/ssh/ssh-command.ts';
import { openSshLink, type SshLink } from '../../../../src/engine/ssh/ssh-link.ts';

const far = parseSshAddress('ssh://larry@far:2222', (reason) => new Error(reason) as never);

/** A machine with a stand-in for ssh; see `stand-in-ssh.sh`. */
class Machine implements Disposable {
  /** Not in TMPDIR, which may be too long for the path of a socket. */
  readonly path = mkdtempSync('/tmp/gentoo-builder-ssh-');
  /** The directory of the sockets. */
  readonly sockets = join(this.path, 'run');

  /** The directory with ssh, and with the programs that `hold-ssh.sh` needs besides. */
  readonly programs = join(this.path, 'bin');

  constructor() {
    mkdirSync(this.sockets);
    mkdirSync(this.programs);
    for (const name of ['cat', 'rm']) symlinkSync(`/bin/${name}`, join(this.programs, name));
    this.write('bin/ssh', `#!/bin/sh\nexec /bin/sh '${join(import.meta.dirname, 'stand-in-ssh.sh')}' "$@"\n`, 0o755);
    this.write('master', 'exit 0');
    this.write('dial', 'exec cat');
  }

  write(name: string, content: string, mode = 0o644): void {
    writeFileSync(join(this.path, name), content, { mode });
  }

  open(environment: NodeJS.ProcessEnv = {}): Promise<SshLink> {
    const PATH = `${this.programs}:${process.env['PATH']}`;
    return openSshLink(far, { PATH, TMPDIR: this.sockets, STAND_IN: this.path, ...environment });
  }

  get calls(): readonly string[] {
    return readFileSync(join(this.path, 'calls'), 'utf8').trim().split('\n');
  }

  /** Ends the holder of the master connection, which otherwise lives as long as this process. */
  [Symbol.dispose](): void {
    const holder = join(this.path, 'holder');
    try {
      if (existsSync(holder)) process.kill(-Number(readFileSync(holder, 'utf8')), 'SIGKILL');
    } catch {
      // It has ended.
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Sends a text over a connection to the link; resolves to the answer. */
async function send({ socket }: SshLink, message: string): Promise<string> {
  const connection = connect({ path: socket, allowHalfOpen: true });
  connection.on('error', () => undefined);
  connection.end(message);
  return text(connection).catch((error: unknown) => String(error));
}

describe('a link over ssh', () => {
  it('makes one master connection, and one call of ssh for each connection, which carries every byte', async () => {
    using machine = new Machine();
    const link = await machine.open();
    expect(await Promise.all([send(link, 'one'), send(link, 'two')])).toEqual(['one', 'two']);
    const [master, ...dials] = machine.calls;
    expect(master).toMatch(/^-f -N -S \S+\/master .*-o ControlMaster=yes -l larry -p 2222 -- far$/);
    expect(dials).toHaveLength(2);
    for (const dial of dials)
      expect(dial).toMatch(/^-S \S+\/master .*-o ControlMaster=no -l larry -p 2222 -- far docker system dial-stdio$/);
  });

  it('has a private directory for its sockets in TMPDIR', async () => {
    using machine = new Machine();
    const link = await machine.open();
    expect(dirname(dirname(link.socket))).toBe(machine.sockets);
    expect(readdirSync(dirname(link.socket)).toSorted()).toEqual(['engine', 'master']);
  });

  it.each([
    ['TMPDIR is too long for the path of a socket', (path: string) => path.padEnd(61, 'x')],
    ['TMPDIR is empty', () => ''],
    ['TMPDIR has a character that is special in a ControlPath', (path: string) => `${path}/100%`],
    ['TMPDIR is no absolute path', () => 'test'],
  ])('has it in /tmp if %s', async (_why, choose) => {
    using machine = new Machine();
    const TMPDIR = choose(machine.sockets);
    if (TMPDIR.startsWith('/')) mkdirSync(TMPDIR);
    const directory = dirname((await machine.open({ TMPDIR })).socket);
    rmSync(directory, { recursive: true });
    expect(directory).toMatch(/^\/tmp\/gentoo-ssh-[^/]+$/);
  });

  it('has it in /tmp if TMPDIR does not exist', async () => {
    using machine = new Machine();
    const directory = dirname((await machine.open({ TMPDIR: join(machine.path, 'nowhere') })).socket);
    rmSync(directory, { recursive: true });
    expect(directory).toMatch(/^\/tmp\/gentoo-ssh-[^/]+$/);
  });

  it('has it in a TMPDIR of 60 bytes', async () => {
    using machine = new Machine();
    const TMPDIR = machine.sockets.padEnd(60, 'x');
    mkdirSync(TMPDIR);
    expect(dirname(dirname((await machine.open({ TMPDIR })).socket))).toBe(TMPDIR);
  });

  it('makes its master connection again when that has ended, once for all connections that wait', async () => {
    using machine = new Machine();
    const link = await machine.open();
    for (const round of ['one', 'two']) {
      rmSync(join(dirname(link.socket), 'master'));
      expect(await Promise.all([send(link, round), send(link, round)])).toEqual([round, round]);
    }
    expect(machine.calls.filter((call) => call.includes('ControlMaster=yes'))).toHaveLength(3);
  });

  it('ends connections while its master connection cannot be made, and tries again after 10 s', async () => {
    using machine = new Machine();
    const link = await machine.open();
    rmSync(join(dirname(link.socket), 'master'));
    machine.write('master', 'echo "Host key verification failed." >&2; exit 255');
    const now = vi.spyOn(performance, 'now');
    const time = performance.now();
    expect(await send(link, 'one')).not.toContain('one');
    machine.write('master', 'exit 0');
    now.mockReturnValue(time + 9000);
    expect(await send(link, 'two')).not.toContain('two');
    now.mockReturnValue(time + 60_000);
    expect(await send(link, 'three')).toBe('three');
    expect(readdirSync(dirname(link.socket)).toSorted()).toEqual(['engine', 'master']);
  });

  it('ends its master connection if the program was killed while ssh logged in', async () => {
    using machine = new Machine();
    const pipe = join(machine.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    machine.write('master', `: >'${pipe}'; cat '${pipe}'`);
    const directory = join(machine.sockets, 'link');
    mkdirSync(directory);
    const program = join(import.meta.dirname, '../../../../src/engine/ssh/hold-ssh.sh');
    const args = [program, directory, ...masterArguments(far, join(directory, 'master'))];
    const env = { PATH: `${machine.programs}:${process.env['PATH']}`, STAND_IN: machine.path };
    const holder = spawn('/bin/sh', args, { env, stdio: 'pipe', detached: true });
    await readFile(pipe);
    for (const stream of [holder.stdin, holder.stdout, holder.stderr]) stream.destroy();
    await writeFile(pipe, '');
    await once(holder, 'exit');
    expect(machine.calls.at(-1)).toMatch(/ -O exit master$/);
    expect(readdirSync(machine.sockets)).toEqual([]);
  });

  it('ends a connection if ssh is gone', async () => {
    using machine = new Machine();
    const link = await machine.open({ PATH: machine.programs });
    rmSync(join(machine.programs, 'ssh'));
    expect(await send(link, 'one')).not.toContain('one');
  });
});

describe('a link whose connections fail', () => {
  it('says why, by a call of ssh without input', async () => {
    using machine = new Machine();
    const link = await machine.open();
    expect(await link.explain()).toBeUndefined();
    machine.write('dial', 'cat; echo first >&2; echo "Permission denied (publickey)." >&2; exit 255');
    expect(await link.explain()).toMatchObject({
      code: 'engine-denied',
      message:
        'failed to reach the Docker engine at ssh://larry@far:2222: the machine takes no key of this user (Permission denied (publickey).)',
      logTail: ['first', 'Permission denied (publickey).'],
    });
    expect(machine.calls.at(-1)).toMatch(/ -- far docker system dial-stdio$/);
  });

  it('says so if ssh was killed', async () => {
    using machine = new Machine();
    const link = await machine.open();
    machine.write('dial', 'kill -KILL $$');
    expect(await link.explain()).toMatchObject({
      code: 'engine-unreachable',
      message: expect.stringContaining('ssh was killed') as string,
    });
  });
});

describe('a machine to which ssh makes no connection', () => {
  it('is a failure in the words of ssh, and leaves no directory', async () => {
    using machine = new Machine();
    machine.write('master', 'echo "ssh: connect to host far port 2222: Connection refused" >&2; exit 255');
    await expect(machine.open()).rejects.toMatchObject({
      code: 'engine-unreachable',
      message: expect.stringContaining('(ssh: connect to host far port 2222: Connection refused)') as string,
    });
    expect(readdirSync(machine.sockets)).toEqual([]);
  });

  it('has the last 10,000 characters of a long output', async () => {
    using machine = new Machine();
    machine.write('master', 'head -c 20000 /dev/zero | tr "\\0" x >&2; echo >&2; echo last >&2; exit 255');
    await expect(machine.open()).rejects.toMatchObject({ logTail: ['x'.repeat(9994), 'last'] });
  });

  it('is a failure if there is no program ssh', async () => {
    using machine = new Machine();
    rmSync(join(machine.programs, 'ssh'));
    await expect(machine.open({ PATH: machine.programs })).rejects.toMatchObject({
      code: 'engine-denied',
      message: 'failed to reach the Docker engine at ssh://larry@far:2222: there is no program ssh',
      hint: 'install the SSH client: openssh-client on Debian, net-misc/openssh on Gentoo',
    });
    expect(readdirSync(machine.sockets)).toEqual([]);
  });

  it('is given up after a minute; then no process and no directory is left', async () => {
    const machine = new Machine();
    // Also if the test hangs.
    onTestFinished(() => machine[Symbol.dispose]());
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    // The process that hangs holds this pipe open.
    const pipe = join(machine.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const alive = createReadStream(pipe);
    machine.write('master', `exec 3>'${pipe}'; echo waits >&3; exec sleep 1000`);
    const opened = machine.open().catch((error: unknown) => error);
    await once(alive, 'data');
    limit.abort();
    expect(await opened).toMatchObject({
      code: 'engine-unreachable',
      message: 'failed to reach the Docker engine at ssh://larry@far:2222: ssh did not log in within 60 s',
      hint: 'check that ssh reaches the machine without a question',
    });
    expect(timeout).toHaveBeenCalledWith(60_000);
    expect(readdirSync(machine.sockets)).toEqual([]);
    await once(alive, 'end');
  });
});
