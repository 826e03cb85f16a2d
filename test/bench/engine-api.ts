import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import { chooseEndpoint, type Endpoint } from '../../setup/endpoint.js';

/**
 * The engine's API as `node:http` speaks it, without anything around it: no second attempts, no streams taken apart, one
 * connection kept for all calls. What bare calls are measured with, and what the benchmark does its own housework with.
 */
export class EngineApi {
  readonly endpoint: Endpoint = chooseEndpoint(process.env);
  readonly #agent = new Agent({ keepAlive: true });

  /** Answers with the parsed JSON of the answer, undefined where it is empty. Throws what the engine refuses. */
  async call<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const answer = await text(await this.#send(method, path, body));
    return (answer === '' ? undefined : JSON.parse(answer)) as T;
  }

  /**
   * Runs a command in a container to its end, and answers with all that it printed, frame headers included. Throws
   * where its exit status is not 0.
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
    const output = await text(await this.#send('POST', `/exec/${Id}/start`, { Detach: false, Tty: false }));
    const { ExitCode } = await this.call<{ ExitCode: number }>('GET', `/exec/${Id}/json`);
    if (ExitCode !== 0) throw new Error(`${command.join(' ')} ended with ${ExitCode}:\n${output.slice(-2000)}`);
    return output;
  }

  async #send(method: string, path: string, body: object | undefined): Promise<IncomingMessage> {
    const { socket, host, port } = this.endpoint;
    const to: RequestOptions = socket === undefined ? { host, port } : { socketPath: socket };
    const payload = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) };
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
