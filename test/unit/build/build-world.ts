import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { workDirectory, type BuildContainer } from '../../../src/build/build-container.ts';
import { createBuildLog, logDirectoryName } from '../../../src/build/build-log.ts';
import type { BuildRequest } from '../../../src/build/build-request.ts';
import type { Preconditions } from '../../../src/build/check-preconditions.ts';
import type { BuildContext } from '../../../src/build/context.ts';
import { holdCommand } from '../../../src/build/job-scripts.ts';
import { chooseMount, type Role } from '../../../src/build/mounts.ts';
import { createWorkspace, ownerLabel } from '../../../src/build/workspace.ts';
import type { Container, ContainerId, Engine } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/failure.ts';
import type { PackageArgument } from '../../../src/portage/atom.ts';
import type { Event } from '../../../src/report/event.ts';
import type { EngineMethod } from '../../support/fake-engine-faults.ts';
import { type FakeFile, fakeFiles, packFiles } from '../../support/fake-engine-files.ts';
import type { FakeContainer } from '../../support/fake-engine-state.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { FakePortage } from './fake-portage.ts';

export const baseName = 'gentoo/stage3:latest';

/** What a base with today's layout, synced by git, has. */
export const newLayout = {
  '/usr/bin/emerge': 'a program',
  '/usr/share/portage/config/make.globals': 'FEATURES="xattr"\n',
  '/usr/share/portage/config/repos.conf':
    '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /var/db/repos/gentoo\nsync-type = rsync\n',
  '/etc/portage/make.conf': 'USE=""\n',
  '/etc/portage/repos.conf/gentoo.conf': '[gentoo]\nsync-type = git\nsync-uri = file:///srv/gentoo\n',
} as const;

/** What a base has whose tree is in the old place; its sync type is the shipped one, rsync. */
export const oldLayout = {
  '/usr/bin/emerge': 'a program',
  '/usr/share/portage/config/repos.conf': newLayout['/usr/share/portage/config/repos.conf'],
  '/etc/portage/make.conf': 'PORTDIR="/usr/portage"\n',
} as const;

export const filledTree = {
  '/profiles/repo_name': 'gentoo\n',
  '/app-misc/hello/hello-2.10.ebuild': 'EAPI=8\n',
} as const;

/** Somebody interrupts the run. */
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

/** An engine with a base and a tree on it, a Portage in its containers, and a run's view of it all. */
export class BuildWorld implements Disposable {
  readonly engine = new ArchivingEngine();
  readonly portage = new FakePortage();
  readonly events: Event[] = [];
  readonly aborter = new AbortController();
  /** Called before each call of the engine by the run, with the number of calls of that method so far. */
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

  /** Puts a running builder container there that this run is in. */
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

  /** A build container that runs, as the start leaves it. */
  async buildContainer(): Promise<BuildContainer> {
    const workspace = await createWorkspace(this.context);
    const mounts = [{ type: 'volume', source: workspace.volume, target: workDirectory }] as const;
    const id = await this.engine.createContainer(workspace.volume, {
      image: baseName,
      command: holdCommand,
      mounts,
      openStdin: true,
    });
    const hold = await this.engine.holdStdin(id);
    await this.engine.startContainer(id);
    const log = createBuildLog(chooseMount('logs', undefined, undefined), logDirectoryName(workspace.run, new Date()));
    return { id, workspace, base: baseName, trees: ['/var/db/repos/gentoo'], hold, log, lastJob: undefined };
  }

  /** What the preconditions find in this world. */
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
      system: { repository, otherSyncs: false },
      tree: choose('tree'),
      treeState: 'filled',
      binpkgs: choose('binpkgs'),
      distfiles: choose('distfiles'),
      logs: choose('logs'),
      tmpfs: { size: undefined },
    };
  }

  /** The messages of one type of event. */
  messages(type: 'note' | 'warning'): readonly string[] {
    return this.events.flatMap((event) => (event.type === type && 'message' in event ? [event.message] : []));
  }

  /** What a run may leave only on purpose: containers but the builder, volumes of runs, names of images that it made. */
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

  /** The calls so far of one method. */
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

/** Nothing is left of a run. */
export const nothing = { containers: [], workspaces: [], images: [] };

const directory: FakeFile = { kind: 'directory', data: Buffer.alloc(0), linkTarget: '', modified: new Date(0) };

/** Names the members of a directory's archive as the engine does: by the last component of the path that was asked for. */
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
    return packFiles(files, top || '/');
  }
}

function specOf({ type, source, target, readOnly }: Container['mounts'][number]) {
  return { type: type === 'bind' ? ('bind' as const) : ('volume' as const), source, target, readOnly };
}
