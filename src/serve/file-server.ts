import { shellProgram } from '../container-program.ts';
import { holdCommand } from '../container/container-scripts.ts';
import { startHeld } from '../container/open-session.ts';
import { writeEntry } from '../container/probe.ts';
import type { MountSpec } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import type { ContainerId, ImageId } from '../engine/identifiers.ts';
import { commandsIn } from '../engine/run-command.ts';
import { Failure } from '../failure.ts';
import { nginxConfiguration, type ServedDirectory } from './nginx-configuration.ts';

/** A server that runs. Its disposal ends it. */
export interface FileServer extends AsyncDisposable {
  readonly container: ContainerId;
  /** The address in its network, for example `10.0.2.3:8080`. */
  readonly address: string;
}

/** The server that {@link startFileServer} starts. */
export interface FileServerRequest {
  /** The name of the container. */
  readonly name: string;
  /** The image of this program, which contains nginx. */
  readonly image: ImageId;
  /** The only network of the server. */
  readonly network: string;
  /** The directories, each mounted read-only at its path. */
  readonly directories: readonly (ServedDirectory & { readonly mount: Pick<MountSpec, 'type' | 'source'> })[];
}

const port = 8080;
/** A place that everybody may write to. */
const state = '/tmp';
const configuration = 'file-server.conf';
/** The seconds in which the server must listen. */
const limit = 10;
/** nobody */
const user = '65534:65534';

/**
 * Starts nginx in a container that ends with this program, and waits until it listens. The engine removes the container when it ends. Throws
 * a `Failure` (`swarm-refused`) if it does not listen in 10 s.
 */
export async function startFileServer(engine: Engine, request: FileServerRequest): Promise<FileServer> {
  const { name, image, network, directories } = request;
  const container = await engine.createContainer(name, {
    ...{ image, network, user, init: true, openStdin: true, keepLog: false, autoRemove: true },
    command: [
      ...shellProgram(new URL('./serve-files.sh', import.meta.url), 'file-server', `/etc/${configuration}`),
      ...holdCommand(true),
    ],
    mounts: directories.map(({ mount, path }) => ({ ...mount, target: path, readOnly: true })),
  });
  const content = nginxConfiguration({ port, directories, state });
  await writeEntry(engine, container, '/etc', { path: configuration, content });
  const hold = await startHeld(engine, container);
  const dispose = async () => {
    hold.close();
    await engine.removeContainer(container);
  };
  try {
    const program = new URL('./await-nginx.sh', import.meta.url);
    const command = shellProgram(program, 'await-nginx', `${state}/nginx.pid`, String(limit));
    const { exitCode, stderr } = await commandsIn(engine, container).run({ command });
    const { endpoints = [] } = (await engine.inspectNetwork(network)) ?? {};
    const endpoint = endpoints.find((one) => one.container === container);
    if (exitCode !== 0 || endpoint === undefined) throw silent(name, stderr.trim());
    return { container, address: `${endpoint.address}:${port}`, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function silent(name: string, why: string): Failure {
  const message = `failed to start the web server of the store in the container ${name}: it does not listen`;
  return new Failure('swarm-refused', `${message}${why === '' ? '' : `: ${why}`}`, {
    hint: 'look at the log of the engine; the image gentoo-builder contains nginx since this version: npm start -- --version makes it anew',
  });
}
