import type { AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';

import type Docker from 'dockerode';

import type { SshAddress } from '../ssh/ssh-address.ts';
import type { EngineAddress } from './engine-address.ts';

/** How requests reach an engine: its address, or the socket of a link to it. */
export type EngineRoute = Exclude<EngineAddress, SshAddress> | { readonly kind: 'link'; readonly path: string };

/**
 * The module is not imported, because an import reads all exports of a module, here also a large WebSocket client.
 */
const { Agent: HttpAgent } = process.getBuiltinModule('node:http');

/** The options of dockerode for an engine, none of them from the environment. */
export function clientOptions(route: EngineRoute): Docker.DockerOptions {
  // If a setting is missing, docker-modem takes it from DOCKER_HOST or another variable. So `absent` sets unused settings to
  // undefined. Each request has its own connection, because a proxy may have cut an idle connection before it is used again. But
  // a connection of a link is a process on each of two machines, and the processes end with it: some wait for the next requests.
  const agentOptions = { keepAlive: route.kind === 'link', maxFreeSockets: 4 };
  if (route.kind !== 'tcp') {
    // A socket has no server name; without this setting, Node checks at each request whether `localhost` is an address.
    const agent = withShortText(new HttpAgent({ ...agentOptions, servername: '' } as AgentOptions));
    return { socketPath: route.path, protocol: 'http', agent, ...absent, host: undefined } as Docker.DockerOptions;
  }
  const { host, port, tls } = route;
  const agent = withShortText(
    withConnectLimit(tls === undefined ? new HttpAgent(agentOptions) : httpsAgent({ ...agentOptions, ...tls })),
  );
  const protocol = tls === undefined ? 'http' : 'https';
  return { ...absent, host, port, protocol, agent, ...tls } as unknown as Docker.DockerOptions;
}

/**
 * Shortens the text of an agent: docker-modem formats the agent at each request, even without debug output.
 */
function withShortText<T extends object>(agent: T): T {
  return Object.assign(agent, { [inspect.custom]: () => 'agent' });
}

/** The milliseconds within which a connection to an engine on another machine must be made. */
const connectLimitMs = 5000;

/**
 * Limits the time for making a connection. Without it, a request to a machine that was cut off would wait for two minutes, the
 * kernel's own limit.
 */
function withConnectLimit<T extends object>(agent: T): T {
  const { createConnection } = agent as { createConnection: (...args: unknown[]) => Socket };
  return Object.assign(agent, {
    createConnection: (...args: unknown[]) => {
      const socket = createConnection.apply(agent, args);
      const timer = setTimeout(() => {
        const error = new Error(`no connection within ${connectLimitMs / 1000} s`);
        socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
      }, connectLimitMs);
      const stop = () => clearTimeout(timer);
      socket.once('connect', stop).once('close', stop);
      return socket;
    },
  });
}

/** Loads TLS only when it is needed, because it takes as long to load as the rest and few engines use it. */
function httpsAgent(options: AgentOptions): object {
  const { Agent } = process.getBuiltinModule('node:https');
  return new Agent(options);
}

const absent = { ca: undefined, cert: undefined, key: undefined, timeout: undefined, pathPrefix: '/' };
