import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { asRoot } from '../support/real-engine/second-engine.ts';
import { must } from '../support/run-program.ts';

/** Runs a program in the network namespace of a process. */
async function inNetworkOf(pid: number, ...command: readonly string[]): Promise<void> {
  const [program = '', ...args] = [...asRoot, 'nsenter', '--target', `${pid}`, '--net', ...command];
  await must(program, args);
}

/** A network namespace without interfaces but `lo`; it lasts as long as the process that holds it. */
export class NetworkNamespace implements AsyncDisposable {
  /** The process that holds the namespace. */
  readonly pid: number;
  readonly #holder: ChildProcessWithoutNullStreams;

  static async open(): Promise<NetworkNamespace> {
    const [program, ...args] = [...asRoot, 'unshare', '--net', 'sh', '-c', 'ip link set lo up && echo $$ && exec cat'];
    const holder = spawn(program, args);
    const ended = once(holder, 'close').then(() => Promise.reject(new Error('unshare --net ended')));
    const said: readonly unknown[] = await Promise.race([once(holder.stdout, 'data'), ended]);
    return new NetworkNamespace(holder, Number(String(said[0])));
  }

  private constructor(holder: ChildProcessWithoutNullStreams, pid: number) {
    this.#holder = holder;
    this.pid = pid;
  }

  /** Runs `ip` in the namespace. */
  async ip(...args: readonly string[]): Promise<void> {
    await inNetworkOf(this.pid, 'ip', ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#holder.exitCode === null ? once(this.#holder, 'close') : undefined;
    this.#holder.stdin.end();
    await closed;
  }
}

/** A switch in a network namespace of its own: its cables can be cut one by one. */
export class NetworkSwitch implements AsyncDisposable {
  readonly #namespace: NetworkNamespace;

  static async open(): Promise<NetworkSwitch> {
    const namespace = await NetworkNamespace.open();
    await namespace.ip('link', 'add', 'bridge', 'type', 'bridge');
    await namespace.ip('link', 'set', 'bridge', 'up');
    return new NetworkSwitch(namespace);
  }

  private constructor(namespace: NetworkNamespace) {
    this.#namespace = namespace;
  }

  /** Connects a namespace, whose interface `eth0` gets the address. `port` is the name of the cable here. */
  async connect(port: string, { pid }: NetworkNamespace, address: string): Promise<void> {
    const far = ['peer', 'name', 'eth0', 'netns', `${pid}`];
    await this.#namespace.ip('link', 'add', 'name', port, 'type', 'veth', ...far);
    await this.#namespace.ip('link', 'set', port, 'master', 'bridge', 'up');
    await inNetworkOf(pid, 'ip', 'addr', 'add', address, 'dev', 'eth0');
    await inNetworkOf(pid, 'ip', 'link', 'set', 'eth0', 'up');
  }

  /** No packet passes any more, and no connection ends. */
  cut(port: string): Promise<void> {
    return this.#namespace.ip('link', 'set', port, 'down');
  }

  mend(port: string): Promise<void> {
    return this.#namespace.ip('link', 'set', port, 'up');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#namespace[Symbol.asyncDispose]();
  }
}
