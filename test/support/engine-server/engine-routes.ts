import type { ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import type { ContainerSpec, MountSpec } from '../../../src/engine/containers.ts';
import type { ExecRequest } from '../../../src/engine/execs.ts';
import type { ContainerId, ExecId } from '../../../src/engine/identifiers.ts';
import { containerJson, execJson, pathStatHeader } from './engine-answers.ts';
import { imageRoutes, networkRoutes, volumeRoutes } from './engine-object-routes.ts';
import { filterOf, pattern, plain, raw, type Route } from './engine-route.ts';
import { FakeRefusal, randomHex } from '../fake-engine/fake-engine-state.ts';
import type { FakeEngine } from '../fake-engine/fake-engine.ts';

/** The requests with a plain answer, and the requests whose connection becomes a stream. */
export interface EngineRoutes {
  readonly plain: readonly Route<ServerResponse>[];
  readonly hijacked: readonly Route<Duplex>[];
}

/** An exec that was created, and the engine's own id once it is started. */
interface CreatedExec {
  readonly container: ContainerId;
  readonly request: ExecRequest;
  started?: ExecId;
}

/** The routes of an engine in memory. */
export function engineRoutes(engine: FakeEngine): EngineRoutes {
  const execs = new Map<string, CreatedExec>();
  const execOf = (id: string): CreatedExec => {
    const exec = execs.get(id);
    if (exec === undefined) throw new FakeRefusal(404, `No such exec instance: ${id}`);
    return exec;
  };
  return {
    plain: [
      ...systemRoutes(engine),
      ...imageRoutes(engine),
      ...containerRoutes(engine),
      ...archiveRoutes(engine),
      ...volumeRoutes(engine),
      ...networkRoutes(engine),
      plain('POST', '/containers/ID/exec', async ({ id, body }) => {
        const container = engine.container(id);
        if (container.state !== 'running') throw engine.conflict(`Container ${id} is not running`);
        const made = randomHex(64);
        execs.set(made, { container: container.id, request: execRequestOf((await body()) as ExecBody) });
        return { Id: made };
      }),
      plain('POST', '/exec/ID/start', async ({ id, body }) => {
        await body();
        const exec = execOf(id);
        exec.started = await engine.execDetached(exec.container, exec.request);
      }),
      raw('POST', '/exec/ID/resize', async ({ id, query }, response) => {
        const { started } = execOf(id);
        const size = { columns: Number(query.get('w')), rows: Number(query.get('h')) };
        if (started !== undefined) await engine.resizeExec(started, size);
        response.writeHead(engine.flavour === 'podman' ? 201 : 200).end();
      }),
      plain('GET', '/exec/ID/json', async ({ id }) => {
        const { started } = execOf(id);
        return execJson(engine.flavour, started !== undefined, started && (await engine.execExitCode(started)));
      }),
    ],
    hijacked: [
      {
        method: 'POST',
        path: pattern('/containers/ID/attach'),
        answer: async ({ id }, socket) => {
          const held = await engine.holdStdin(id as ContainerId);
          socket.write(upgraded);
          socket.on('close', () => held.close()).on('end', () => held.close());
          socket.on('data', (data: Buffer) => {
            if (socket.writable) socket.write(data);
          });
          socket.resume();
          void held.ended.then(() => socket.end());
        },
      },
      {
        method: 'POST',
        path: pattern('/exec/ID/start'),
        answer: async ({ id }, socket) => {
          const exec = execOf(id);
          const attached = await engine.execAttached(exec.container, exec.request);
          exec.started = attached.id;
          socket.write(upgraded);
          socket.on('data', (data: Buffer) => attached.write(data)).on('end', () => attached.endInput());
          socket.on('close', () => attached.close()).resume();
          for await (const { stream, data } of attached.output) {
            if (exec.request.tty !== true) socket.write(frameHeader(stream, data.length));
            socket.write(data);
          }
          socket.end();
        },
      },
    ],
  };
}

const upgraded =
  'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

function frameHeader(stream: 'stdout' | 'stderr', length: number): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(length, 4);
  return header;
}

function systemRoutes(engine: FakeEngine): readonly Route<ServerResponse>[] {
  return [
    raw('GET', '/_ping', async (_request, response) => {
      const podman = engine.flavour === 'podman' ? { 'Libpod-Api-Version': '4.3.1' } : {};
      response.writeHead(200, { 'Api-Version': engine.engineVersion.api, ...podman }).end('OK');
      return Promise.resolve();
    }),
    plain('GET', '/version', async () => {
      const { engine: Version, api: ApiVersion } = await engine.version();
      return { Version, ApiVersion, MinAPIVersion: '1.12' };
    }),
    plain('GET', '/info', async () => {
      const { id: ID, cpus: NCPU, memory: MemTotal, architecture, dataRoot: DockerRootDir } = await engine.info();
      return { ID, NCPU, MemTotal, Architecture: architecture, DockerRootDir };
    }),
  ];
}

interface CreateBody {
  readonly Image: string;
  readonly User?: string;
  readonly Cmd: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly OpenStdin?: boolean;
  readonly HostConfig: {
    readonly AutoRemove: boolean;
    readonly NetworkMode?: string;
    readonly Mounts: readonly {
      readonly Type: MountSpec['type'];
      readonly Source: string;
      readonly Target: string;
      readonly ReadOnly: boolean;
      readonly VolumeOptions?: { readonly Labels: Readonly<Record<string, string>> };
    }[];
  };
}

function specOf({ Image, User, Cmd, Labels = {}, OpenStdin = false, HostConfig }: CreateBody): ContainerSpec {
  return {
    image: Image,
    command: Cmd,
    ...(User === undefined ? {} : { user: User }),
    labels: Labels,
    openStdin: OpenStdin,
    autoRemove: HostConfig.AutoRemove,
    mounts: HostConfig.Mounts.map(({ Type, Source, Target, ReadOnly, VolumeOptions }) => ({
      type: Type,
      source: Source,
      target: Target,
      readOnly: ReadOnly,
      ...(VolumeOptions === undefined ? {} : { labels: VolumeOptions.Labels }),
    })),
    ...(HostConfig.NetworkMode === undefined ? {} : { network: HostConfig.NetworkMode }),
  };
}

function containerRoutes(engine: FakeEngine): readonly Route<ServerResponse>[] {
  const known = (id: string): ContainerId => engine.container(id).id;
  return [
    plain('POST', '/containers/create', async ({ query, body }) => {
      return { Id: await engine.createContainer(query.get('name') ?? '', specOf((await body()) as CreateBody)) };
    }),
    plain('GET', '/containers/json', async ({ query }) => {
      const [volume, label] = [filterOf(query, 'volume'), filterOf(query, 'label')];
      const listed = [...engine.containers.values()]
        .filter(({ state }) => query.get('all') === 'true' || state === 'running')
        .filter(
          ({ mounts }) => volume === '' || mounts.some((one) => [one.source, one.target.slice(1)].includes(volume)),
        )
        .map(({ id }) => id);
      const ids = label === '' ? listed : await engine.containersWithLabel(label);
      return ids.map((id) => ({
        Id: id,
        Names: [`/${engine.container(id).name}`],
        Mounts: engine.container(id).mounts.map(({ volume: mounted, target }) => ({
          Name: mounted?.name,
          Destination: target,
        })),
      }));
    }),
    plain('GET', '/containers/ID/json', async ({ id }) => {
      const container = await engine.inspectContainer(id);
      if (container === undefined) throw new FakeRefusal(404, `No such container: ${id}`);
      return containerJson(container);
    }),
    raw('POST', '/containers/ID/start', async ({ id }, response) => {
      const isRunning = engine.container(id).state === 'running';
      await engine.startContainer(known(id));
      response.writeHead(isRunning ? 304 : 204).end();
    }),
    plain('POST', '/containers/ID/kill', async ({ id, query }) => {
      if (engine.container(id).state !== 'running') throw engine.conflict(`Container ${id} is not running`);
      await engine.killContainer(known(id), query.get('signal') ?? 'KILL');
    }),
    raw('POST', '/containers/ID/wait', async ({ id, signal }, response) => {
      const container = known(id);
      response.writeHead(200).flushHeaders();
      await engine.waitContainer(container, signal);
      response.end(JSON.stringify({ StatusCode: 0 }));
    }),
    plain('POST', '/containers/ID/rename', async ({ id, query }) => {
      const name = query.get('name') ?? '';
      if (!(await engine.renameContainer(known(id), name))) throw engine.nameConflict(name);
    }),
    plain('DELETE', '/containers/ID', ({ id }) => engine.removeContainer(known(id)), 204),
    plain('GET', '/containers/ID/changes', async ({ id }) => {
      const paths = await engine.changedPaths(known(id));
      return paths.length === 0 ? null : paths.map((Path) => ({ Path, Kind: 1 }));
    }),
  ];
}

function archiveRoutes(engine: FakeEngine): readonly Route<ServerResponse>[] {
  const pathIn = (query: URLSearchParams): string => query.get('path') ?? '';
  const missing = (id: string, path: string) =>
    new FakeRefusal(404, `Could not find the file ${path} in container ${id}`);
  return [
    raw('HEAD', '/containers/ID/archive', async ({ id, query }, response) => {
      const stat = await engine.statPath(id as ContainerId, pathIn(query));
      if (stat === undefined) throw missing(id, pathIn(query));
      response
        .writeHead(200, { 'X-Docker-Container-Path-Stat': pathStatHeader(engine.flavour, pathIn(query), stat) })
        .end();
    }),
    raw('GET', '/containers/ID/archive', async ({ id, query }, response) => {
      const archive = await engine.readArchive(id as ContainerId, pathIn(query));
      if (archive === undefined) throw missing(id, pathIn(query));
      archive.pipe(response);
    }),
    plain('PUT', '/containers/ID/archive', async ({ id, query, stream }) => {
      const archive = await buffer(stream);
      await engine.writeArchive(id as ContainerId, pathIn(query), Readable.from([archive]));
    }),
  ];
}

interface ExecBody {
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir?: string;
  readonly Tty?: boolean;
}

function execRequestOf({ Cmd, Env, WorkingDir, Tty = false }: ExecBody): ExecRequest {
  const variables = Env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
  return {
    command: Cmd,
    tty: Tty,
    environment: Object.fromEntries(variables) as Record<string, string>,
    ...(WorkingDir === undefined ? {} : { workingDirectory: WorkingDir }),
  };
}
