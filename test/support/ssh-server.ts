import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findSshd } from '../../setup/fetch-sshd.js';
import { must } from './run-program.ts';

const serve = fileURLToPath(new URL('ssh-server.sh', import.meta.url));
const namespaces = ['--mount', '--propagation=private', '--pid', '--mount-proc', '--fork', '--kill-child'];
const usualPort = 22;

/** What differs from a server that lets the user in. */
export interface SshServerOptions {
  /** Lines of sshd_config, before all others. */
  readonly settings?: readonly string[];
  /** The PATH of commands on the server; by default that of the tests. */
  readonly path?: string;
  /** Whether it listens on the loopback of this machine, for clients in containers; by default it has a network of its own. */
  readonly isShared?: boolean;
}

/**
 * A server of OpenSSH on which a docker command reaches an engine, and a user's ssh, whose configuration has the server as the host `far`.
 * Needs root, `unshare`, `nsenter` and `ip`.
 */
export class SshServer implements AsyncDisposable {
  readonly directory: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #port: number;
  readonly #said: string[] = [];

  /** Starts a server. `npm test` fetches sshd; where there is none, the server ends, and its output has the reason. */
  static async open(engine: string, options: SshServerOptions = {}): Promise<SshServer> {
    const directory = mkdtempSync(join(tmpdir(), 'ssh-server-'));
    for (const name of ['host', 'other', 'user']) {
      await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(directory, name)]);
      copyFileSync(join(directory, name), join(directory, `${name}.made`));
    }
    const server = new SshServer(directory, engine, options, options.isShared === true ? await freePort() : usualPort);
    try {
      await server.said(/^Server listening on 127\.0\.0\.1 /);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  private constructor(directory: string, engine: string, options: SshServerOptions, port: number) {
    const { settings = [], path, isShared = false } = options;
    this.directory = directory;
    this.#port = port;
    const { program, libraries } = findSshd();
    const environment = { PATH: path ?? process.env['PATH'] ?? '', DOCKER_HOST: `unix://${join(directory, 'engine')}` };
    const lines = [
      ...settings,
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      `HostKey ${join(directory, 'host')}`,
      `AuthorizedKeysFile ${join(directory, 'user.pub')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin yes',
      'LogLevel VERBOSE',
      `SetEnv ${Object.entries(environment)
        .map(([name, value]) => `"${name}=${value}"`)
        .join(' ')}`,
    ];
    writeFileSync(join(directory, 'sshd_config'), `${lines.join('\n')}\n`);
    const sshd = ['env', `LD_LIBRARY_PATH=${libraries}`, program, '-D', '-e', '-f', join(directory, 'sshd_config')];
    this.#process = spawn('unshare', [
      ...namespaces,
      ...(isShared ? [] : ['--net']),
      'bash',
      serve,
      directory,
      engine,
      ...sshd,
    ]);
    createInterface(this.#process.stderr).on('line', (line) => this.#said.push(line));
    this.#writeUserFiles();
  }

  /** The environment of a program whose user has this server as `far`. */
  get environment(): Record<string, string> {
    const PATH = [join(this.directory, 'bin'), process.env['PATH'] ?? ''].join(delimiter);
    const TMPDIR = join(this.directory, 'tmp');
    return { PATH, TMPDIR, HOME: process.env['HOME'] ?? '/root', DOCKER_HOST: 'ssh://far' };
  }

  /** Changes a file of the user's: `known_hosts`, or the private key `user`. */
  write(name: 'known_hosts' | 'user', content: string): void {
    writeFileSync(join(this.directory, name), content);
  }

  /** The private key of the user, or another one, as it was made. */
  privateKey(name: 'user' | 'other'): string {
    return readFileSync(join(this.directory, `${name}.made`), 'utf8');
  }

  /** Restores the files of the user. */
  restore(): void {
    this.write('known_hosts', this.knownHost('host'));
    this.write('user', this.privateKey('user'));
  }

  /** A line of known_hosts with one of the keys that the server could have. */
  knownHost(key: 'host' | 'other'): string {
    const name = this.#port === usualPort ? '127.0.0.1' : `[127.0.0.1]:${this.#port}`;
    return `${name} ${readFileSync(join(this.directory, `${key}.pub`), 'utf8')}`;
  }

  /** Resolves with the number of lines that the server's log has or gets that match; at least one. */
  async said(pattern: RegExp, times = 1): Promise<number> {
    const count = () => this.#said.filter((line) => pattern.test(line)).length;
    const ended = once(this.#process, 'close').then(() => {
      throw new Error(`the server ended:\n${this.#said.join('\n')}`);
    });
    ended.catch(() => undefined);
    while (count() < times) await Promise.race([once(this.#process.stderr, 'data'), ended]);
    return count();
  }

  /** How many lines of the server's log match. */
  count(pattern: RegExp): number {
    return this.#said.filter((line) => pattern.test(line)).length;
  }

  /** No packet arrives any more, and no connection ends. */
  cut(): Promise<void> {
    return this.#order('cut');
  }

  /** Each connection of SSH ends, and the server goes on. */
  drop(): Promise<void> {
    return this.#order('drop');
  }

  async #order(order: string): Promise<void> {
    this.#process.stdin.write(`${order}\n`);
    await once(this.#process.stdout, 'data');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed =
      this.#process.exitCode === null && this.#process.signalCode === null ? once(this.#process, 'close') : undefined;
    this.#process.stdin.end();
    await closed;
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A directory for `~/.ssh` of root in a container that shares the network of this machine. */
  get containerFiles(): string {
    const files = join(this.directory, 'container');
    mkdirSync(files);
    for (const name of ['known_hosts', 'user']) copyFileSync(join(this.directory, name), join(files, name));
    this.#writeConfiguration(files, '/root/.ssh');
    return files;
  }

  #writeUserFiles(): void {
    const { directory } = this;
    for (const name of ['bin', 'tmp']) mkdirSync(join(directory, name));
    this.write('known_hosts', this.knownHost('host'));
    this.#writeConfiguration(directory, directory);
    const path = process.env['PATH'] ?? '';
    const enter = `nsenter --net=/proc/${this.#process.pid}/ns/net`;
    const text = `#!/bin/sh\nPATH=${path} exec ${enter} ssh -F ${join(directory, 'config')} "$@"\n`;
    const program = join(directory, 'bin/ssh');
    writeFileSync(program, text);
    chmodSync(program, 0o755);
  }

  /** Writes the configuration of a user whose files are, for ssh, in `place`. */
  #writeConfiguration(directory: string, place: string): void {
    const lines = [
      'Host far',
      'HostName 127.0.0.1',
      `Port ${this.#port}`,
      'User root',
      `IdentityFile ${join(place, 'user')}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${join(place, 'known_hosts')}`,
    ];
    writeFileSync(join(directory, 'config'), `${lines.join('\n')}\n`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
