import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerSession } from '../../src/container/container-session.ts';
import { createSession } from '../../src/container/open-session.ts';
import { createBuildLog, logDirectoryName } from '../../src/container/build-log.ts';
import type { BuildContext } from '../../src/container/context.ts';
import { holdCommand } from '../../src/container/container-scripts.ts';
import { findArchive } from '../../src/zentoo/output/archive-files.ts';
import { listInstalledPackages } from '../../src/store/installed-packages.ts';
import type { RootDescription } from '../../src/zentoo/output/manifest.ts';
import { writeArchive } from '../../src/zentoo/output/write-archive.ts';
import { createWorkspace, removeWorkspace } from '../../src/container/workspace.ts';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { EngineProxy } from '../support/proxy.ts';
import { stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { listRoot, makeOddities } from '../support/root-oddities.ts';
import { runProgram } from '../support/run-program.ts';

/** Paths that an archive has only as an empty directory, or not at all. */
const emptied = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp', '/var/cache/edb', '/var/cache/binhost'];
const mounted = ['/var/db/repos/gentoo', '/var/cache/distfiles', '/var/cache/binpkgs', '/mnt/star*[x] \\'];
const absent = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/etc/mtab', '/.dockerenv', '/usr/sbin/docker-init'];

const description: RootDescription = {
  origin: {
    site: 'home',
    tuple: 'cpu-portage-hooks-set',
    created: new Date(0),
    fingerprint: '0123',
    stage: { image: stage, id: 'sha256:00', digest: undefined },
    cpu: 'cpu',
    portage: { branch: 'portage', commit: '11' },
    buildhooks: undefined,
    partition: 'chost/cpu/profile-22',
    trees: [],
  },
  installed: [],
  ofStage: [],
};

let direct: Engine;
let container: ContainerSession;
let context: BuildContext;
let stack: AsyncDisposableStack;
let directory: string;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  direct = await connectEngine(process.env);
  context = { engine: direct, report: () => {}, signal: new AbortController().signal, self: undefined };
  directory = await mkdtemp(join(tmpdir(), 'root-archive-'));
  stack.defer(() => rm(directory, { recursive: true }));
  container = await openContainer();
  await python(container.id, makeOddities);
  for (const path of mounted) await run(container.id, ['touch', `${path}/left-out`, `${path}/.left-out`]);
});
afterAll(() => stack.disposeAsync());

async function openContainer(): Promise<ContainerSession> {
  const workspace = await createWorkspace(context);
  stack.defer(() => removeWorkspace(context, workspace.volume));
  const id = await direct.createContainer(workspace.volume, {
    image: stage,
    command: holdCommand(),
    mounts: [
      { type: 'volume', source: workspace.volume, target: '/var/tmp/portage' },
      ...mounted.map((target) => ({ type: 'tmpfs', source: '', target }) as const),
    ],
    init: true,
    openStdin: true,
    keepLog: false,
  });
  const hold = await direct.holdStdin(id);
  stack.defer(() => hold.close());
  await direct.startContainer(id);
  const log = createBuildLog(
    { role: 'logs', type: 'volume', source: 'none', origin: 'given', readOnly: false },
    logDirectoryName(workspace.run, new Date()),
  );
  return createSession(context, { id, workspace, base: stage, trees: ['/'], hold, log });
}

/** Runs a program in a container. Returns its output. */
async function run(id: ContainerId, command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram('docker', ['exec', id, ...command]);
  expect(status, stderr).toBe(0);
  return stdout;
}

const python = (id: ContainerId, program: string, ...args: string[]) =>
  run(id, ['python3', '-I', '-c', program, ...args]);

async function listOf(id: ContainerId, root: string): Promise<Record<string, unknown>> {
  const leftOut = [...absent, ...[...emptied, ...mounted].map((path) => `${path}/`)];
  return JSON.parse(await python(id, listRoot, root, ...leftOut)) as Record<string, unknown>;
}

/** Makes a shell program the first `tar` on the path of a container. */
async function replaceTar(id: ContainerId, script: string): Promise<void> {
  const write = 'printf "#!/bin/sh\\n%s\\n" "$1" >/usr/local/bin/tar && chmod +x /usr/local/bin/tar';
  await run(id, ['sh', '-c', write, 'sh', script]);
}

/** Copies a file of this machine into a container. */
async function put(id: ContainerId, path: string, name: string): Promise<void> {
  const archive = pack();
  const entry = archive.entry({ name, size: (await stat(path)).size }, () => archive.finalize());
  createReadStream(path).pipe(entry);
  await direct.writeArchive(id, '/', Readable.from(archive));
}

describe("an archive of a running container's root", () => {
  it('unpacked by GNU tar is the root, file by file', async () => {
    const target = { directory: join(directory, 'new', 'output'), name: 'whole' };
    const written = await writeArchive(container, target, description);
    expect(written.path).toBe(join(target.directory, 'whole.tar.zst'));
    expect(await readdir(target.directory)).toEqual(['whole.manifest.json', 'whole.tar.zst', 'whole.tar.zst.sha512']);
    expect(written.size).toBe((await stat(written.path)).size);
    // Neither has the 1.1 GiB of holes.
    expect(written.contentSize).toBeLessThan(1024 ** 3);

    const check = await runProgram('sha512sum', ['--check', '--strict', 'whole.tar.zst.sha512'], {
      cwd: target.directory,
    });
    expect(check).toMatchObject({ status: 0, stdout: 'whole.tar.zst: OK\n' });
    const manifest = await readFile(join(target.directory, 'whole.manifest.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ archive: { sha512: written.sha512, size: written.size } });
    expect(await findArchive(target)).toMatchObject({ archive: { sha512: written.sha512, size: written.size } });

    const second = await openContainer();
    await put(second.id, written.path, 'root.tar.zst');
    await run(second.id, ['zstd', '--test', '/root.tar.zst']);
    expect(await run(second.id, ['zstd', '--list', '-v', '/root.tar.zst'])).toMatch(/XXH64/);
    await run(second.id, ['mkdir', '/unpacked']);
    const unpack = '--extract --preserve-permissions --numeric-owner --xattrs --xattrs-include=* --acls --zstd';
    await run(second.id, ['tar', ...unpack.split(' '), '--file=/root.tar.zst', '--directory=/unpacked']);
    const [live, unpacked] = await Promise.all([listOf(container.id, '/'), listOf(second.id, '/unpacked')]);
    expect(Object.keys(live).length).toBeGreaterThan(5000);
    expect(Object.keys(live).filter((path) => path.startsWith('/odd/')).length).toBeGreaterThan(30);
    expect(Object.keys(unpacked)).toEqual(Object.keys(live));
    expect(unpacked).toEqual(live);
    expect(await run(second.id, ['sh', '-c', 'cd /unpacked && ls -d .dockerenv etc/mtab etc/hosts || :'])).toBe('');
  });
});

describe('an archive that cannot be made whole', () => {
  it('starts again if the stream is cut', async () => {
    await using proxy = await EngineProxy.open();
    const engine = await connectEngine({ DOCKER_HOST: proxy.address });
    const target = { directory: await mkdtemp(join(directory, 'cut-')), name: 'cut' };
    const temporary = join(target.directory, `.cut.${container.workspace.run}.tar.zst`);
    const done = new AbortController();
    const cutting = (async () => {
      for (let cuts = 0; cuts < 2; cuts++) {
        await growth(temporary, 5_000_000, done.signal);
        proxy.cut({ method: 'POST', path: /\/exec\// });
        await shrinking(temporary, done.signal);
      }
    })();
    const written = await writeArchive(createSession({ ...context, engine }, container), target, description);
    done.abort();
    await cutting;
    expect(proxy.cuts).toBeGreaterThanOrEqual(2);
    expect((await runProgram('zstd', ['--test', written.path])).status).toBe(0);
    expect(await findArchive(target)).toBeDefined();
    expect(await readdir(target.directory)).toHaveLength(3);
  });

  it('leaves no file, and keeps the old archive, if the run is aborted', async () => {
    const target = { directory: await mkdtemp(join(directory, 'abort-')), name: 'old' };
    await writeFile(join(target.directory, 'old.tar.zst'), 'old archive');
    const aborter = new AbortController();
    const writing = writeArchive(createSession({ ...context, signal: aborter.signal }, container), target, description);
    await growth(join(target.directory, `.old.${container.workspace.run}.tar.zst`), 1_000_000, aborter.signal);
    const reason = new Error('stopped');
    aborter.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(await readdir(target.directory)).toEqual(['old.tar.zst']);
    expect(await readFile(join(target.directory, 'old.tar.zst'), 'utf8')).toBe('old archive');
    // No event tells the end of tar; if it does not end, the limit of the test does.
    await run(container.id, ['sh', '-c', 'while grep -qx tar /proc/[0-9]*/comm 2>/dev/null; do sleep 0.05; done']);
  });

  it('reports a full disk, and leaves no file', async () => {
    const target = { directory: await mkdtemp(join(directory, 'full-')), name: 'full' };
    await writeFile(join(target.directory, 'full.tar.zst'), 'old archive');
    await symlink('/dev/full', join(target.directory, `.full.${container.workspace.run}.tar.zst`));
    await expect(writeArchive(container, target, description)).rejects.toMatchObject({
      code: 'archive-failed',
      message: expect.stringMatching(/full\.tar\.zst: ENOSPC/) as string,
      hint: expect.stringMatching(/--output-dir/) as string,
    });
    expect(await readdir(target.directory)).toEqual(['full.tar.zst']);
  });

  it('names the files that keep changing', async () => {
    const busy = await openContainer();
    await run(busy.id, ['sh', '-c', 'mkdir /busy && head -c 50000000 /dev/zero >/busy/log']);
    const changing = '--checkpoint=1000 --checkpoint-action=exec="echo line >>/busy/log"';
    await replaceTar(busy.id, `exec /usr/bin/tar ${changing} "$@"`);
    const target = { directory: await mkdtemp(join(directory, 'busy-')), name: 'busy' };
    await expect(writeArchive(busy, target, description, { root: '/busy' })).rejects.toMatchObject({
      code: 'archive-failed',
      message: expect.stringMatching(/the root changed while it was read/) as string,
      logTail: expect.arrayContaining([expect.stringMatching(/tar: \.\/log: file changed as we read it$/)]) as string[],
    });
    expect(await readdir(target.directory)).toEqual([]);
  });

  it('writes nothing if tar cannot keep ACLs', async () => {
    const poor = await openContainer();
    const warning = 'echo "tar: Warning: POSIX ACL support is not available" >&2';
    await replaceTar(poor.id, `case " $* " in *" --acls "*) ${warning};; esac\nexec /usr/bin/tar "$@"`);
    const target = { directory: join(directory, 'poor'), name: 'poor' };
    await expect(writeArchive(poor, target, description)).rejects.toMatchObject({
      code: 'archive-failed',
      message: expect.stringMatching(/POSIX ACL support/) as string,
      hint: expect.stringMatching(/app-arch\/tar/) as string,
    });
    expect(await readdir(directory)).not.toContain('poor');
  });
});

it('the installed packages are read from the files of the package database', async () => {
  const name = uniqueName('packages');
  const files = `
import os, sys
for path, text in zip(sys.argv[2::2], sys.argv[3::2]):
    os.makedirs(os.path.dirname(f"{sys.argv[1]}/{path}"), exist_ok=True)
    open(f"{sys.argv[1]}/{path}", "w").write(text)
`;
  const database = ['var/db/pkg/a-b/c-1-r2/SLOT', '0/2\n', 'var/db/pkg/a-b/c-1-r2/IUSE', '+ssl -x y\n'];
  const more = ['var/db/pkg/a-b/c-1-r2/USE', 'amd64 ssl y\n', 'var/db/pkg/a-b/c-1-r2/BUILD_ID', '3\n'];
  const merging = ['var/db/pkg/a-b/-MERGING-d-2/SLOT', '0\n', 'var/db/pkg/.cache/x', ''];
  await python(container.id, files, `/tmp/${name}`, ...database, ...more, ...merging);
  expect(await listInstalledPackages(container, `/tmp/${name}`)).toMatchObject([
    { cpv: 'a-b/c-1-r2', slot: '0/2', use: { enabled: ['ssl', 'y'], disabled: ['x'] }, buildId: 3, counter: undefined },
  ]);
  expect(await listInstalledPackages(container, '/nowhere')).toEqual([]);
});

/** Waits until a file has some size. */
async function growth(path: string, size: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await sizeOf(path)) < size) await delay(10);
}

/** Waits until a file was started again. */
async function shrinking(path: string, signal: AbortSignal): Promise<void> {
  let last = 0;
  for (let now = await sizeOf(path); !signal.aborted && now >= last; now = await sizeOf(path)) {
    last = now;
    await delay(10);
  }
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
