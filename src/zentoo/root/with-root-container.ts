import type { ContainerSession } from '../../container/container-session.ts';
import { posix } from 'node:path';
import { createBuildLog, describeBuildLog, logDirectoryName } from '../../container/build-log.ts';
import { openSession } from '../../container/open-session.ts';
import { inWorkspace } from '../../container/in-workspace.ts';
import { stopBuildContainer } from '../../container/stop-build-container.ts';
import { writeEntry } from '../../container/probe.ts';
import { stateDirectory, workDirectory } from '../../container/work-directories.ts';
import { removeWorkspace, type Workspace } from '../../container/workspace.ts';
import { copyFiles } from '../../engine/copy-files.ts';
import { failuresOf } from '../../failure.ts';
import { writerName } from '../../ownership/ownership.ts';
import { indexStaging } from '../../store/intake/staging.ts';
import { storeDirectory } from '../../store/store-directory.ts';
import type { Elsewhere, SiteRun } from '../run/site-run.ts';
import { addElog } from '../../emerge/read-elog.ts';
import { containerLimits } from '../run/machine-share.ts';
import { serverEnvironment, useStoreServer } from '../../serve/use-store-server.ts';
import { rootMounts, treesOf, type RootRequest, type WriterRequest } from './root-mounts.ts';
import { StagedPackages } from './staged-packages.ts';
import { takeInStaged } from './take-in-staged.ts';

/**
 * Runs `work` in a new container with the site's trees and volumes, and removes the container in any case. If the store is `staged`,
 * the new packages that `work` expects then come into the store, even if `work` fails: no ebuild writes to the store itself. A
 * failure has the messages of the packages on which Portage worked.
 */
export async function withRootContainer<T>(
  run: SiteRun,
  request: RootRequest,
  work: (session: ContainerSession, packages: StagedPackages) => Promise<T>,
): Promise<T> {
  let opened: StagedPackages | undefined;
  const done = inWorkspace(run, run, async (workspace, own) => {
    const session = own(await openRoot(run, workspace, request));
    await run.report({ type: 'log', location: describeBuildLog(session.log) });
    const packages = new StagedPackages(session);
    opened = packages;
    if (request.store === 'staged') await indexStore(session, request);
    const take = () => takeNew(run, request, session, packages);
    const result = await work(session, packages).catch(async (error: unknown) => {
      await packages.readElogBefore(error);
      // What is ready is not compiled again.
      if (failuresOf(error).length > 0 && request.store === 'staged') await take().catch(() => undefined);
      throw error;
    });
    if (request.store === 'staged') await take();
    await leaveWorkspace(run, workspace);
    return result;
  });
  return done.catch((error: unknown) => {
    throw addElog(error, opened?.elog ?? []);
  });
}

/** Removes the workspace of an order that succeeded, also if another engine was lost since the packages came from there. */
async function leaveWorkspace(run: SiteRun, { volume }: Workspace): Promise<void> {
  try {
    await removeWorkspace(run, volume);
  } catch (error) {
    if (run.elsewhere === undefined || run.signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    await run.report({
      type: 'warning',
      message: `failed to remove ${volume}: ${why}`,
      hint: 'the next build with this engine removes it',
    });
  }
}

/** Runs `work` in a new container that mounts the store writable, and in which no ebuild runs. */
export async function withStoreWriter<T>(
  run: SiteRun,
  request: WriterRequest,
  work: (session: ContainerSession) => Promise<T>,
): Promise<T> {
  return inWorkspace(run, run, async (workspace, own) => {
    const session = own(await openRoot(run, workspace, { ...request, store: 'writable' }));
    await run.report({ type: 'log', location: describeBuildLog(session.log) });
    const result = await work(session);
    await removeWorkspace(run, workspace.volume);
    return result;
  });
}

/** Takes the new packages of a container into the store, after the container has ended. */
async function takeNew(
  run: SiteRun,
  request: RootRequest,
  session: ContainerSession,
  packages: StagedPackages,
): Promise<void> {
  const staged = await packages.seal();
  if (staged.length === 0 || run.signal.aborted) return;
  // No process of an ebuild may change a package between its check and its copy.
  if ((await run.engine.inspectContainer(session.id))?.state === 'running') await stopBuildContainer(session);
  const base = packages.base ?? request.base;
  const writing = { ...request, base, step: 'store', store: 'writable' } as const;
  if (run.elsewhere !== undefined) return takeHome(run.elsewhere, writing, session, packages);
  const writer = await openRoot(run, session.workspace, writing);
  try {
    await packages.prepare?.(writer);
    await takeInStaged(writer, packages);
  } finally {
    writer.hold.close();
    await run.engine.removeContainer(writer.id);
  }
}

/** Takes the new packages of a container of another engine into the store: they are copied, and pass the same checks. */
async function takeHome(
  { home, arrived }: Elsewhere,
  request: WriterRequest & { readonly store: 'writable' },
  session: ContainerSession,
  packages: StagedPackages,
): Promise<void> {
  const files = (await packages.seal()).map(({ partition, path }) => `${partition}/${path}`);
  await inWorkspace({ keepFailed: false }, home, async (workspace, own) => {
    const writer = own(await openRoot(home, workspace, request));
    const copies = files.map((to) => ({ from: `${storeDirectory}/${to}`, to }));
    await copyFiles(session, { ...writer, directory: workDirectory }, copies);
    // After the loss of the other engine, the packages are compiled elsewhere.
    session.signal.throwIfAborted();
    arrived?.();
    await packages.prepare?.(writer);
    await takeInStaged(writer, packages);
    await removeWorkspace(home, workspace.volume);
  });
}

/** Makes the packages of the store visible to Portage in the staging place of a container, or lets it take them from a server. */
async function indexStore(session: ContainerSession, { supplies }: Pick<RootRequest, 'supplies'>): Promise<void> {
  if (supplies === undefined) return indexStaging(session);
  const { indexes, server } = supplies;
  if (server !== undefined) return useStoreServer(session, server, indexes);
  const directory = `${stateDirectory}/supplied`;
  for (const [partition, content] of indexes) {
    const path = `${posix.relative(workDirectory, directory)}/${partition}/Packages`;
    await writeEntry(session.engine, session.id, workDirectory, { path, content });
  }
  await indexStaging(session, directory);
}

async function openRoot(
  run: SiteRun,
  workspace: Workspace,
  request: WriterRequest &
    Pick<RootRequest, 'merges' | 'trees' | 'metadata' | 'supplies'> & { readonly store: StoreAccess },
): Promise<ContainerSession> {
  const { site, mounts, tmpfs, elsewhere } = run;
  const { base, portage, subject, step, store, merges, supplies } = request;
  const server = store === 'staged' ? supplies?.server : undefined;
  const directory = logDirectoryName(workspace.run, run.started, subject);
  // The image has no name on another engine.
  const image = base.image?.id ?? base.name;
  const logEngine = elsewhere === undefined ? undefined : { name: elsewhere.engine, options: elsewhere.options, image };
  return openSession(run, workspace, {
    base,
    mounts: rootMounts(run, request),
    trees: treesOf(portage),
    subject: `zentoo, site ${site.name}: ${step} ${subject}`,
    limits: await limitsOf(run),
    tmpfs: merges === true && store !== 'writable' ? tmpfs : undefined,
    log: createBuildLog(mounts.logs, directory, `${step}.log`, logEngine),
    staging: store === 'staged',
    ...(server && { networks: [server.network], environment: serverEnvironment(server, run.proxies?.all) }),
    endsInSilence: elsewhere !== undefined,
    // The run's build container has the usual name.
    ...(store === 'writable' ? { name: writerName(workspace.volume) } : {}),
  });
}

async function limitsOf({ site, engine, besideOthers }: SiteRun) {
  const { memory, cpus } = await containerLimits(site.limits, engine);
  if (besideOthers === undefined) return { memory, cpus };
  return { memory: memory ?? besideOthers.memory, cpus, cpuShares: lowShares };
}

/** Of 1024: other work of the machine comes first. */
const lowShares = 256;

type StoreAccess = RootRequest['store'] | 'writable';
