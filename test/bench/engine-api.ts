import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import { chooseEndpoint, type Endpoint } from '../../setup/engine/endpoint.js';
import { interruption } from '../../setup/process/interruption.js';

/** The body of a request: JSON, or a tar archive. */
type Payload = object | Uint8Array | undefined;

/**
 * The engine's API through plain `node:http`: no repeated attempts, no separation of streams, one connection for all calls. The
 * bare calls and the benchmark's own preparation and clean-up use it.
 */
export class EngineApi {
  readonly endpoint: Endpoint = chooseEndpoint(process.env);
  readonly #agent = new Agent({ keepAlive: true });

  /** Returns the parsed JSON of the answer; undefined if it is empty. Throws if the engine refuses. */
  async call<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const answer = await text(await this.#send(method, path, body));
    return (answer === '' ? undefined : JSON.parse(answer)) as T;
  }

  /** Deletes an object that may not exist. */
  async remove(path: string): Promise<void> {
    await this.call('DELETE', path).catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith(`DELETE ${path}: 404 `))) throw error;
    });
  }

  /** Returns the lines of JSON that the engine writes while it works. An interruption ends the call and the work. */
  async follow<T>(method: string, path: string, archive: Uint8Array): Promise<readonly T[]> {
    const lines = await text(await this.#send(method, path, archive, interruption));
    return lines.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as T]));
  }

  /**
   * Runs a command in a container to its end. Returns its output with the frame headers. Throws if its exit status is not 0,
   * and at an interruption, which does not end the command.
   */
  async exec(
    container: string,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { Id } = await this.call<{ Id: string }>('POST', `/containers/${container}/exec`, {
      AttachStdout: true,
      AttachStderr: true,
      Cmd: command,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    });
    const attach = { Detach: false, Tty: false };
    const output = await text(await this.#send('POST', `/exec/${Id}/start`, attach, interruption));
    const { ExitCode } = await this.call<{ ExitCode: number }>('GET', `/exec/${Id}/json`);
    if (ExitCode !== 0) throw new Error(`${command.join(' ')} ended with ${ExitCode}:\n${output.slice(-2000)}`);
    return output;
  }

  /** Unpacks a tar archive in a container's directory. */
  async putArchive(container: string, directory: string, archive: Uint8Array): Promise<void> {
    const query = new URLSearchParams({ path: directory });
    await text(await this.#send('PUT', `/containers/${container}/archive?${query.toString()}`, archive));
  }

  async #send(method: string, path: string, body: Payload, signal?: AbortSignal): Promise<IncomingMessage> {
    const { socket, host, port } = this.endpoint;
    const to: RequestOptions = socket === undefined ? { host, port } : { socketPath: socket };
    if (signal !== undefined) to.signal = signal;
    const isArchive = body instanceof Uint8Array;
    const payload = isArchive ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const type = isArchive ? 'application/x-tar' : 'application/json';
    const headers = { 'Content-Type': type, 'Content-Length': payload.byteLength };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request({ ...to, method, path, headers, agent: this.#agent }, resolve)
      .on('error', reject)
      .end(payload);
    const answer = await promise;
    const status = answer.statusCode ?? 0;
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${(await text(answer)).trim()}`);
    return answer;
  }
}
