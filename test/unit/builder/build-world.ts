import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import { createSession } from '../../../src/container/open-session.ts';
import { workDirectory } from '../../../src/container/work-directories.ts';
import { createBuildLog, logDirectoryName } from '../../../src/container/build-log.ts';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import type { Preconditions } from '../../../src/builder/check-preconditions.ts';
import type { BuildContext } from '../../../src/container/context.ts';
import { holdCommand } from '../../../src/container/container-scripts.ts';
import { chooseMount, type Role } from '../../../src/container/mounts.ts';
import { createWorkspace, ownerLabel, type Workspace } from '../../../src/container/workspace.ts';
import type { Container } from '../../../src/engine/containers.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';
import { Failure } from '../../../src/failure.ts';
import type { PackageArgument } from '../../../src/portage/atom.ts';
import type { Event } from '../../../src/report/event.ts';
import type { EngineMethod } from '../../support/fake-engine/fake-engine-faults.ts';
import { type FakeFile, fakeFiles, packFiles } from '../../support/fake-engine/fake-engine-files.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { FakePortage } from './fake-portage.ts';

/** The name and version of the program in build records. */
export const program = { name: 'gentoo-builder', version: '1.2.3' };

export const baseName = 'gentoo/stage3:latest';

/** The files of a base with today's layout, whose tree is synced by git. */
export const newLayout = {
  '/usr/bin/emerge': 'a program',
  '/usr/share/portage/config/make.globals': 'FEATURES="xattr"\n',
  '/usr/share/portage/config/repos.conf':
    '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /var/db/repos/gentoo\nsync-type = rsync\n',
  '/etc/portage/make.conf': 'USE=""\n',
  '/etc/portage/repos.conf/gentoo.conf': '[gentoo]\nsync-type = git\nsync-uri = file:///srv/gentoo\n',
} as const;

/** The files of a base whose tree is in the old place; its sync type is Portage's default, rsync. */
export const oldLayout = {
  '/usr/bin/emerge': 'a program',
  '/usr/share/portage/config/repos.conf': newLayout['/usr/share/portage/config/repos.conf'],
  '/etc/portage/make.conf': 'PORTDIR="/usr/portage"\n',
} as const;

export const filledTree = {
  '/profiles/repo_name': 'gentoo\n',
  '/app-misc/hello/hello-2.10.ebuild': 'EAPI=8\n',
} as const;

/** The reason of a run that the user interrupts. */
export const interruption = new Failure('interrupted', 'interrupted by a test');

/** A request for `app-misc/hello` without options. */
export function buildRequest(parts: Partial<BuildRequest> = {}): BuildRequest {
  return {
    packages: packages('app-misc/hello'),
    invalidPackages: [],
    base: undefined,
    tree: undefined,
    createTree: false,
    sync: true,
    syncMaxAge: undefined,
    emergeOptions: [],
    use: undefined,
    jobs: undefined,
    makeConf: undefined,
    binpkgs: true,
    tmpfs: 'off',
    tags: [],
    keepFailed: false,
    logDir: undefined,
    dryRun: false,
    rebuild: false,
    timeout: undefined,
    silenceTimeout: undefined,
    minFree: 0,
    ...parts,
  };
}

export function packages(...names: string[]): readonly PackageArgument[] {
  return names as PackageArgument[];
}

/** A fake engine with a base and a tree, a fake Portage in its containers, and the context of a run. */
export class BuildWorld implements Disposable {
  readonly engine = new ArchivingEngine();
  readonly portage = new FakePortage();
  readonly events: Event[] = [];
  readonly aborter = new AbortController();
  /** Called before each call of the engine, with the method and its number of calls so far. */
  onCall: (method: EngineMethod, nth: number) => void = () => undefined;
  self: Container | undefined;

  constructor({
    base = newLayout,
    tree = filledTree,
  }: { base?: Readonly<Record<string, string>>; tree?: Readonly<Record<string, string>> } = {}) {
    this.engine.onExec = this.portage.script;
    this.engine.addImage(baseName, {
      files: fakeFiles(base),
      digests: ['gentoo/stage3@sha256:beef'],
      labels: { of: 'base' },
    });
    this.addVolume('gentoo-repository', tree, { 'gentoo-builder.volume': 'tree' });
  }

  get context(): BuildContext {
    const report = (event: Event): void => void this.events.push(event);
    return { engine: this.#watchedEngine(), report, signal: this.aborter.signal, self: this.self };
  }

  addVolume(
    name: string,
    texts: Readonly<Record<string, string>> = {},
    labels: Readonly<Record<string, string>> = {},
  ): void {
    this.engine.volumes.set(name, { name, labels, files: fakeFiles(texts) });
  }

  /** Puts this run into a running builder container. */
  async startSelf(mounts: Container['mounts'] = [], { autoRemove = false } = {}): Promise<FakeContainer> {
    this.engine.addImage('gentoo-builder');
    const id = await this.engine.createContainer('builder', {
      image: 'gentoo-builder',
      command: [],
      autoRemove,
      mounts: mounts.map(specOf),
    });
    await this.engine.startContainer(id);
    this.self = await this.engine.inspectContainer(id);
    return this.engine.container(id);
  }

  /** The session of a running build container; `changes` replaces properties of the session. By default its workspace is new. */
  async session(changes: Partial<BuildContext> = {}, given?: Workspace): Promise<ContainerSession> {
    const context = { ...this.context, ...changes };
    const workspace = given ?? (await createWorkspace(context));
    const mounts = [{ type: 'volume', source: workspace.volume, target: workDirectory }] as const;
    const id = await this.engine.createContainer(workspace.volume, {
      image: baseName,
      command: holdCommand(),
      mounts,
      openStdin: true,
    });
    const hold = await this.engine.holdStdin(id);
    await this.engine.startContainer(id);
    const log = createBuildLog(chooseMount('logs', undefined, undefined), logDirectoryName(workspace.run, new Date()));
    return createSession(context, { id, workspace, base: baseName, trees: ['/var/db/repos/gentoo'], hold, log });
  }

  /** The preconditions of a build in this world. */
  get ready(): Preconditions {
    const choose = (role: Role) => chooseMount(role, undefined, undefined);
    const repository = {
      name: 'gentoo',
      location: '/var/db/repos/gentoo',
      syncType: 'git',
      syncUri: '',
      autoSync: true,
    };
    return {
      base: { name: baseName, image: [...this.engine.images.values()][0] },
      system: { repository, otherSyncs: false, treeTargets: [repository.location], notes: [] },
      tree: choose('tree'),
      treeState: 'filled',
      binpkgs: choose('binpkgs'),
      distfiles: choose('distfiles'),
      metadata: choose('metadata'),
      logs: choose('logs'),
      tmpfs: { size: undefined },
      movedTags: [],
    };
  }

  /** The messages of all events of one type. */
  messages(type: 'note' | 'warning'): readonly string[] {
    return this.events.flatMap((event) => (event.type === type && 'message' in event ? [event.message] : []));
  }

  /** Things that a run may only leave on purpose: containers except the builder, work volumes, names of its images. */
  get left(): { containers: readonly string[]; workspaces: readonly string[]; images: readonly string[] } {
    const containers = [...this.engine.containers.values()].filter(({ id }) => id !== this.self?.id);
    const workspaces = [...this.engine.volumes.values()].filter(
      ({ name, labels }) => ownerLabel in labels || name.startsWith('gentoo-builder-'),
    );
    return {
      containers: containers.map(({ name }) => name),
      workspaces: workspaces.map(({ name }) => name),
      images: [...this.engine.imageNames.keys()].filter((name) => /^gentoo-[0-9a-f]{4}/.test(name)),
    };
  }

  /** The calls of one method so far. */
  calls(method: EngineMethod): readonly (readonly unknown[])[] {
    return this.engine.calls.filter((call) => call.method === method).map(({ args }) => args);
  }

  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
  }

  #watchedEngine(): Engine {
    const counts = new Map<EngineMethod, number>();
    return new Proxy(this.engine, {
      get: (engine, property) => {
        const value: unknown = Reflect.get(engine, property, engine);
        if (typeof value !== 'function') return value;
        const method = property as EngineMethod;
        return (...args: unknown[]): unknown => {
          const nth = (counts.get(method) ?? 0) + 1;
          counts.set(method, nth);
          this.onCall(method, nth);
          return Reflect.apply(value, engine, args);
        };
      },
    });
  }
}

/** The {@link BuildWorld.leftovers} of a run that left nothing. */
export const nothing = { containers: [], workspaces: [], images: [] };

const directory: FakeFile = { kind: 'directory', data: Buffer.alloc(0), linkTarget: '', modified: new Date(0) };

/** Names the members of a directory's archive as the engine does: relative to the parent of the requested path. */
class ArchivingEngine extends FakeEngine {
  override async readArchive(id: ContainerId, path: string): Promise<Readable | undefined> {
    const archive = await super.readArchive(id, path);
    if (archive === undefined || this.container(id).findFile(path)?.kind !== 'directory') return archive;
    archive.destroy();
    const place = this.container(id).filesAt(path);
    const parent = place.path === '/' ? '' : place.path;
    const top = path.endsWith('/.') ? '' : `/${basename(path)}`;
    const below = [...place.files].filter(([name]) => name.startsWith(`${parent}/`));
    const files = new Map<string, FakeFile>(top === '' ? [] : [[top, directory]]);
    for (const [name, file] of below) files.set(top + name.slice(parent.length), file);
    return top === '' ? packFiles(files, '/', '.') : packFiles(files, top);
  }
}

function specOf({ type, source, target, readOnly }: Container['mounts'][number]) {
  return { type: type === 'bind' ? ('bind' as const) : ('volume' as const), source, target, readOnly };
}
