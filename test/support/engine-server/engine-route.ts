import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** A request to the engine; `id` is the name or the id in the path. */
export interface EngineRequest {
  readonly path: string;
  readonly id: string;
  readonly query: URLSearchParams;
  readonly stream: Readable;
  readonly body: () => Promise<unknown>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** A pattern for requests, and the function that answers them. */
export interface Route<Target> {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (request: EngineRequest, target: Target) => Promise<unknown>;
}

/** The value of a filter; empty if the request does not have it. */
export function filterOf(query: URLSearchParams, name: string): string {
  const filters = JSON.parse(query.get('filters') ?? '{}') as Record<string, readonly string[]>;
  return filters[name]?.[0] ?? '';
}

/** A pattern for a path in which `ID` stands for a name or an id. */
export function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace('ID', '(?<id>.+)')}$`);
}

/** A route that writes its answer itself. */
export function raw(method: string, path: string, answer: Route<ServerResponse>['answer']): Route<ServerResponse> {
  return { method, path: pattern(path), answer };
}

/** A route whose answer is sent as JSON; without one the answer is empty. */
export function plain(
  method: string,
  path: string,
  find: (request: EngineRequest) => Promise<unknown>,
  emptyStatus = method === 'PUT' || path.endsWith('/connect') || path.endsWith('/start') ? 200 : 204,
): Route<ServerResponse> {
  return raw(method, path, async (request, response) => {
    const found = await find(request);
    if (found === undefined) return void response.writeHead(emptyStatus).end();
    const status = method === 'POST' ? 201 : 200;
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(found));
  });
}
