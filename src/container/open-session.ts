import type { ContainerSpec, HeldStdin, MountSpec } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecRequest } from '../engine/execs.ts';
import type { ContainerId } from '../engine/identifiers.ts';
import { commandsIn } from '../engine/run-command.ts';
import type { Tmpfs } from '../portage/output/emerge-report.ts';
import { asRoot, type Base } from './base-image.ts';
import type { BuildLog } from './build-log.ts';
import { findContainerLoss } from './container-loss.ts';
import { holdCommand } from './container-scripts.ts';
import type { ContainerSession, Trees } from './container-session.ts';
import type { BuildContext } from './context.ts';
import { unpackArchive } from './unpack-archive.ts';
import { waitingReporter } from './waiting.ts';
import { keepAliveMs, WatchedStream } from './watched-stream.ts';
import { workDirectory } from './work-directories.ts';
import type { Workspace } from './workspace.ts';
import { stagingFeatures, storeDirectory } from '../store/store-directory.ts';

/** The properties of the build container that {@link openSession} creates. */
export interface SessionRequest {
  readonly base: Base;
  /** The name of the container; by default the name of the work volume. */
  readonly name?: string;
  /** The mounts besides the work volume. */
  readonly mounts: readonly MountSpec[];
  readonly trees: Trees;
  readonly log: BuildLog;
  /** The work of the session in words, for example its packages. */
  readonly subject: string;
  /** The container's limits; undefined means no limit. */
  readonly limits?: Pick<ContainerSpec, 'memory' | 'cpus' | 'cpuShares'>;
  /** The tmpfs that packages are built on; undefined means the work volume. */
  readonly tmpfs?: Tmpfs | undefined;
  /** The networks that the container joins besides the engine's default one. */
  readonly networks?: readonly string[];
  /** Variables of every process that the session starts. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the store's usual mount point is a staging place for new packages, on the work volume. */
  readonly staging?: boolean;
  /** Whether the container ends when its standard input is silent for 10 s; always if the engine is not behind a socket of this machine. */
  readonly endsInSilence?: boolean;
}

/**
 * Creates and starts a container that runs as long as this program holds its standard input. The container adds no labels and no
 * environment to those of its image, because a committed image would inherit them. If compose built the base, the function blanks the
 * labels by which compose recognizes its containers: neither the container nor an image of it belongs to a service.
 */
export async function openSession(
  context: BuildContext,
  workspace: Workspace,
  {
    base,
    name = workspace.volume,
    mounts,
    trees,
    log,
    subject,
    limits,
    tmpfs,
    staging = false,
    networks = [],
    environment = {},
    ...rest
  }: SessionRequest,
): Promise<ContainerSession> {
  const { engine } = context;
  const isWatched = rest.endsInSilence === true || !engine.address.startsWith('unix:');
  const id = await engine.createContainer(name, {
    image: base.image?.id ?? base.name,
    command: holdCommand(isWatched),
    mounts: [
      ...workMounts(workspace, tmpfs),
      ...(staging ? [{ type: 'volume', source: workspace.volume, target: storeDirectory } as const] : []),
      ...mounts,
    ],
    ...blankComposeLabels(base.image?.labels ?? {}),
    ...asRoot(base.image),
    ...limits,
    init: true,
    openStdin: true,
    keepLog: false,
  });
  for (const network of networks) await engine.connectNetwork(network, id);
  const hold = await startHeld(engine, id);
  const container = { id, workspace, base: base.name, trees, log, subject, tmpfs, hold, staging, environment };
  return createSession(context, container);
}

/**
 * Starts a container with the command `holdCommand`, and holds its standard input: keep-alive bytes are on their way from before the start
 * until the standard input is closed.
 */
export async function startHeld(
  engine: Pick<Engine, 'holdStdin' | 'startContainer'>,
  id: ContainerId,
): Promise<HeldStdin> {
  const hold = await engine.holdStdin(id);
  const keepAlive = setInterval(() => hold.write(Buffer.from('\n')), keepAliveMs);
  void hold.ended.then(() => clearInterval(keepAlive));
  try {
    await engine.startContainer(id);
    return hold;
  } catch (error) {
    hold.close();
    clearInterval(keepAlive);
    throw error;
  }
}

/** The properties of a running build container from which a session is created. */
export type SessionContainer = Pick<
  ContainerSession,
  'id' | 'workspace' | 'base' | 'trees' | 'log' | 'tmpfs' | 'hold'
> &
  Partial<Pick<SessionRequest, 'subject' | 'staging' | 'environment'>>;

/** Creates the session of a running container. */
export function createSession(context: BuildContext, container: SessionContainer): ContainerSession {
  const { engine, report, signal, self, proxies } = context;
  const { id, workspace, subject = '', staging = false } = container;
  const commands = commandsIn(engine, id);
  const environment = {
    ...proxies?.all,
    ...container.environment,
    ...(staging ? { FEATURES: stagingFeatures } : {}),
  };
  const withProxies = <T extends ExecRequest>(request: T): T => ({
    ...request,
    environment: joinEnvironments(environment, request.environment),
  });
  return {
    ...container,
    run: (request) => commands.run({ onChunk: waitingReporter(report), ...withProxies(request) }),
    ...{ engine, report, signal, self, environment, ...(proxies === undefined ? {} : { proxies }) },
    holder: subject === '' ? workspace.volume : `${workspace.volume} (${shorten(subject)})`,
    currentJob: undefined,
    start: (request) => engine.execDetached(id, withProxies(request)),
    stream: (request) => WatchedStream.open({ engine, container: id, request: withProxies(request), signal }),
    unpack: (directory, archive) => unpackArchive(commands, directory, archive),
    findLoss: async (work) => findContainerLoss(await engine.inspectContainer(id), work),
  };
}

/** Variables and those of a request, which override them. FEATURES is incremental, so both values count; make.conf(5). */
function joinEnvironments(
  own: Readonly<Record<string, string>>,
  given: ExecRequest['environment'] = {},
): Readonly<Record<string, string>> {
  const features = [own['FEATURES'], given['FEATURES']].filter((value) => value !== undefined).join(' ');
  return { ...own, ...given, ...(features === '' ? {} : { FEATURES: features }) };
}

/**
 * The mounts on which packages are built. The tmpfs has the same mode as a volume. Do not use the engine's archive calls on the
 * container: they leave the inner mount point on the writable layer (`unpack-archive.ts`).
 */
function workMounts({ volume }: Workspace, tmpfs: Tmpfs | undefined): readonly MountSpec[] {
  if (tmpfs === undefined) return [{ type: 'volume', source: volume, target: workDirectory }];
  return [
    { type: 'tmpfs', source: `size=${tmpfs.size},mode=0755`, target: tmpfs.directory },
    { type: 'volume', source: volume, target: tmpfs.excluded },
  ];
}

function blankComposeLabels(labels: Readonly<Record<string, string>>): Pick<ContainerSpec, 'labels'> {
  const names = Object.keys(labels).filter((name) => name.startsWith('com.docker.compose.'));
  return names.length === 0 ? {} : { labels: Object.fromEntries(names.map((name) => [name, ''])) };
}

/** A subject as a part of an argument of a command: Linux takes no argument of more than 128 KiB, and a build may have 20,000 packages. */
function shorten(subject: string): string {
  return subject.length > 1000 ? `${subject.slice(0, 1000)}...` : subject;
}
