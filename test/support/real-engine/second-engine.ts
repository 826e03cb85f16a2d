import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { must } from '../run-program.ts';

const serve = fileURLToPath(new URL('second-engine.sh', import.meta.url));
const namespaces = ['--mount', '--propagation=private', '--pid', '--mount-proc', '--fork', '--kill-child', '--ipc'];
const [gid = 0, uid = 0] = [process.getgid?.(), process.getuid?.()];
/** Root, or a user whom sudo asks for no password. */
export const asRoot = uid === 0 ? [] : ['sudo', '--non-interactive'];

/** The address of an engine that has a neighbour, in the network namespace of both: for `DOCKER_HOST`. */
export const tcpAddress = 'tcp://127.0.0.1:2375';

/** What an engine needs besides a neighbour to be a node of a swarm. */
export interface SwarmMember {
  /** With a host name, the engine also listens at the default socket in its own namespaces, so that its containers can mount it. */
  readonly hostname?: string;
  /** The root file system with the engine; that of this machine by default. */
  readonly root?: string;
}

/**
 * A second Docker engine of this machine, which a test may restart, kill and fill. Its data are on a tmpfs, and it runs in separate
 * namespaces, whose network has no way out. Needs root, `dockerd`, `unshare` and `ip`; with a network also `nsenter`.
 */
export class SecondEngine implements AsyncDisposable {
  readonly directory: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #log: Interface;
  readonly #size: string;
  #said: string[] = [];

  /**
   * Starts an engine whose data take at most `size`, for example `2G`. If `neighbour` is the id of a process, the engine runs in the
   * network namespace of that process, which must have no way out either, and listens at {@link tcpAddress} there, too.
   */
  static async open(size: string, neighbour?: number, node: SwarmMember = {}): Promise<SecondEngine> {
    const engine = new SecondEngine(size, neighbour, node);
    try {
      await engine.#await('ready');
      await engine.start();
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
    return engine;
  }

  private constructor(size: string, neighbour: number | undefined, { hostname, root = '' }: SwarmMember) {
    this.#size = size;
    this.directory = mkdtempSync(join(tmpdir(), 'second-engine-'));
    const places = [
      '--data-root',
      join(this.directory, 'data'),
      '--exec-root',
      '/run/docker',
      '--pidfile',
      '/run/docker.pid',
    ];
    const options = [...places, '--storage-driver=overlay2', '--exec-opt=native.cgroupdriver=cgroupfs'];
    // dockerd starts later if nothing says that TCP without TLS is wanted.
    const tcp = neighbour === undefined ? [] : ['--host', tcpAddress, '--tls=false'];
    const own = hostname === undefined ? [] : ['--host', 'unix:///run/docker.sock'];
    const dockerd = ['dockerd', '--host', this.address, ...own, ...tcp, '--group', String(gid), ...options];
    const network = neighbour === undefined ? [] : ['nsenter', '--target', String(neighbour), '--net'];
    const unshare = ['unshare', ...namespaces, ...(neighbour === undefined ? ['--net'] : [])];
    const uts = hostname === undefined ? [] : ['unshare', '--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', hostname];
    const [program = '', ...args] = [...asRoot, ...uts, ...network, ...unshare];
    this.#process = spawn(program, [...args, 'bash', serve, root, this.directory, size, ...dockerd]);
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    this.#log = createInterface(this.#process.stderr).on('line', (line) => this.#said.push(line));
  }

  get socket(): string {
    return join(this.directory, 'docker.sock');
  }

  /** For `DOCKER_HOST`. */
  get address(): string {
    return `unix://${this.socket}`;
  }

  get docker(): Docker {
    return new Docker({ socketPath: this.socket });
  }

  /** Copies images of the engine of the tests. */
  async copyImages(...names: string[]): Promise<void> {
    const archive = join(this.directory, 'images.tar');
    await must('docker', ['save', '--output', archive, ...names]);
    await must('docker', ['--host', this.address, 'load', '--quiet', '--input', archive]);
    rmSync(archive);
  }

  /** Starts the engine and waits until it answers. */
  async start(): Promise<void> {
    const listening = this.#saysThatItListens();
    await this.#order('start');
    await listening;
  }

  /** Stops the engine as a service manager does. Its containers stop with it. */
  stop(): Promise<void> {
    return this.#order('stop');
  }

  /** Kills the engine. Its containers go on. */
  kill(): Promise<void> {
    return this.#order('kill');
  }

  /** Gives the file system with its data the size with which it was opened. */
  restoreSize(): Promise<void> {
    return this.#order(`size ${this.#size}`);
  }

  /** Leaves so much free space, and no more, on the file system with its data. */
  leaveFree(kibibytes: number): Promise<void> {
    return this.#order(`free ${kibibytes}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#process.exitCode === null ? once(this.#process, 'close') : undefined;
    this.#process.stdin.end();
    await closed;
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #order(order: string): Promise<void> {
    this.#process.stdin.write(`${order}\n`);
    await this.#await(order.split(' ')[0] ?? '');
  }

  async #await(word: string): Promise<void> {
    const { value } = await this.#answers.next();
    if (value !== word)
      throw new Error(`the second engine said ${String(value)}:\n${this.#said.slice(-20).join('\n')}`);
  }

  #saysThatItListens(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#said = [];
    const fail = () => reject(new Error(`the second engine ended:\n${this.#said.slice(-20).join('\n')}`));
    const look = (line: string) => {
      const isReady = line.includes('API listen on');
      if (!isReady && !line.startsWith('second-engine: ')) return;
      this.#log.off('line', look);
      if (isReady) resolve();
      else fail();
    };
    this.#log.on('line', look);
    this.#log.once('close', fail);
    return promise;
  }
}
