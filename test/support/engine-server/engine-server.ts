import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { json } from 'node:stream/consumers';

import type { EngineRequest } from './engine-route.ts';
import { engineRoutes } from './engine-routes.ts';
import { FakeRefusal } from '../fake-engine/fake-engine-state.ts';
import type { FakeEngine } from '../fake-engine/fake-engine.ts';

/** An address on which a {@link FakeEngine} answers HTTP, as Docker 20.10 or Podman 4.3 does: by its flavour. */
export interface EngineServer extends AsyncDisposable {
  readonly host: string;
}

/** Serves the part of the Docker Engine API that this project uses, from an engine in memory. */
export async function serveEngine(engine: FakeEngine): Promise<EngineServer> {
  const directory = mkdtempSync(join(tmpdir(), 'engine-server-'));
  const path = join(directory, 'docker.sock');
  const routes = engineRoutes(engine);

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = requestOf(message);
    const route = routes.plain.find(({ method, path }) => method === message.method && path.test(request.path));
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      if (route === undefined) throw new FakeRefusal(404, 'page not found');
      const match = route.path.exec(request.path)?.groups ?? {};
      await route.answer({ ...request, ...match, signal: gone.signal }, response);
    } catch (error) {
      refuse(response, error);
    }
  }

  async function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const request = requestOf(message);
    const route = routes.hijacked.find(({ path }) => path.test(request.path));
    const match = route?.path.exec(request.path)?.groups ?? {};
    socket.on('error', () => undefined);
    try {
      const body = await bodyBeforeStream(socket, head, Number(message.headers['content-length'] ?? 0));
      if (route === undefined) throw new FakeRefusal(404, 'page not found');
      await route.answer({ ...request, ...match, body: () => Promise.resolve(body) }, socket);
    } catch (error) {
      const { status, text } = refusalOf(error);
      socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    }
  }

  // Podman takes a request line of 1 MiB (Go's limit). 16 KiB here, as HAProxy has by default, are what a proxy leaves to Docker.
  const maxHeaderSize = engine.flavour === 'podman' ? 1024 ** 2 : 16 * 1024;
  const server = createServer({ maxHeaderSize }, (message, response) => void answer(message, response));
  server.on('upgrade', (message, socket, head) => void upgrade(message, socket, head));
  await once(server.listen(path), 'listening');
  return {
    host: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

function requestOf(message: IncomingMessage): EngineRequest {
  const url = new URL(message.url ?? '/', 'http://engine');
  return {
    path: decodeURIComponent(url.pathname).replace(/^\/v\d+\.\d+/, ''),
    query: url.searchParams,
    stream: message,
    body: () => json(message),
    id: '',
    signal: new AbortController().signal,
  };
}

/** Reads the JSON in front of a hijacked stream, and leaves the rest in the stream. */
async function bodyBeforeStream(socket: Readable, head: Buffer, length: number): Promise<unknown> {
  let bytes = head;
  while (bytes.length < length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  socket.pause();
  if (bytes.length > length) socket.unshift(bytes.subarray(length));
  return length === 0 ? {} : JSON.parse(bytes.subarray(0, length).toString());
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { status, text } = refusalOf(error);
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
}

function refusalOf(error: unknown): { status: number; text: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { status: error instanceof FakeRefusal ? error.status : 500, text: JSON.stringify({ message }) };
}
