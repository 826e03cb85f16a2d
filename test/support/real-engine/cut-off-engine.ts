import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const forwarder = fileURLToPath(new URL('./forward-engine.ts', import.meta.url));
const asRoot = process.getuid?.() === 0;

/**
 * The engine behind TCP, in a network namespace of its own whose cable can be cut. Needs `unshare` and `nsenter` (util-linux) and `ip`
 * (iproute2), and as another user than root a kernel that allows user namespaces.
 */
export class CutOffEngine implements Disposable {
  readonly #forwarder: ChildProcessWithoutNullStreams;
  /** For `DOCKER_HOST`. */
  readonly address: string;

  static async open(): Promise<CutOffEngine> {
    const options = asRoot ? ['--net'] : ['--net', '--map-root-user'];
    const child = spawn('unshare', [...options, process.execPath, forwarder]);
    const port = await firstLine(child);
    return new CutOffEngine(child, `tcp://127.0.0.1:${port}`);
  }

  private constructor(child: ChildProcessWithoutNullStreams, address: string) {
    this.#forwarder = child;
    this.address = address;
  }

  /** Starts a program in the namespace, with the engine in its environment. */
  start(program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const namespaces = [
      '--target',
      String(this.#forwarder.pid),
      '--net',
      ...(asRoot ? [] : ['--user', '--preserve-credentials']),
    ];
    return spawn('nsenter', [...namespaces, process.execPath, program, ...args], {
      env: { ...process.env, DOCKER_HOST: this.address },
    });
  }

  /** Cuts the cable: no packet arrives any more, and no connection ends. */
  async cut(): Promise<void> {
    this.#forwarder.stdin.write('cut\n');
    await firstLine(this.#forwarder);
  }

  [Symbol.dispose](): void {
    this.#forwarder.kill('SIGKILL');
  }
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = once(child, 'close').then(() => {
    throw new Error(`the forwarder ended: ${stderr}`);
  });
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  return line.toString().trim();
}
