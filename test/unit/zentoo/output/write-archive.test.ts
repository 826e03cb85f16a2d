import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as archiveFiles from '../../../../src/zentoo/output/archive-files.ts';
import { findArchive, readBack, type ArchiveTarget } from '../../../../src/zentoo/output/archive-files.ts';
import type { RootDescription } from '../../../../src/zentoo/output/manifest.ts';
import { writeArchive } from '../../../../src/zentoo/output/write-archive.ts';
import type { ExecResult, ExecStreams } from '../../../support/fake-engine/fake-engine-execs.ts';
import { BuildWorld, interruption } from '../../builder/build-world.ts';

const description: RootDescription = {
  origin: {
    site: 'home',
    tuple: 'one',
    created: new Date(0),
    fingerprint: '0123',
    stage: { image: 'stage', id: 'sha256:aa', digest: undefined },
    cpu: 'cpu',
    portage: { branch: 'main', commit: '11' },
    buildhooks: undefined,
    partition: 'p',
    trees: [],
  },
  installed: [],
  ofStage: [],
};

const content = Buffer.alloc(300_000, 'a root\n');
const end = (size: number, status = 0) => `Total bytes written: ${size} (1KiB, 1MiB/s)\nended ${status}\n`;
const whole: ExecResult = { stdout: content, stderr: end(content.length) };

let world: BuildWorld;
let scratch: string;
let target: ArchiveTarget;
/** What each attempt of tar does, the last one again and again. */
let tar: readonly ((streams: ExecStreams) => ExecResult | Promise<ExecResult>)[];
let attempts: number;
let survey: object;
/** How the survey ends if it does not print `survey`. */
let surveyed: ExecResult | undefined;

beforeEach(async () => {
  world = new BuildWorld();
  scratch = await mkdtemp(join(tmpdir(), 'write-archive-'));
  target = { directory: scratch, name: 'one' };
  tar = [() => whole];
  attempts = 0;
  survey = { mounts: [], complaints: [], engineFiles: [] };
  surveyed = undefined;
  world.engine.onExec = (_container, { command }, streams) => {
    if (command[0] === 'python3') return surveyed ?? { stdout: JSON.stringify(survey) };
    return (tar[Math.min(attempts++, tar.length - 1)] ?? (() => whole))(streams);
  };
});
afterEach(async () => {
  world[Symbol.dispose]();
  await rm(scratch, { recursive: true, force: true });
});

const write = async () => writeArchive(await world.session(), target, description, { pauseMs: 0 });
const names = () => readdir(target.directory);

/** What happens to the file between the moment when it is written and the moment when it is read back. */
function beforeReadBack(happens: (path: string) => unknown): void {
  vi.spyOn(archiveFiles, 'readBack').mockImplementationOnce(async (path, signal) => {
    await happens(path);
    return await readBack(path, signal);
  });
}

describe('an archive', () => {
  it('has the bytes that the container sent, with its digest and its manifest', async () => {
    const written = await write();
    const file = await readFile(written.path);
    expect(zstdDecompressSync(file).equals(content)).toBe(true);
    // A frame of zstd, with the flag of a content checksum (RFC 8878, 3.1.1.1.1).
    expect([file.readUInt32LE(0), (file[4] ?? 0) & 4]).toEqual([0xfd2fb528, 4]);
    const sha512 = createHash('sha512').update(file).digest('hex');
    expect(written).toEqual({
      path: join(target.directory, 'one.tar.zst'),
      sha512,
      size: file.length,
      contentSize: content.length,
    });
    expect(await readFile(`${written.path}.sha512`, 'utf8')).toBe(`${sha512}  one.tar.zst\n`);
    expect(await findArchive(target)).toMatchObject({ archive: { sha512, size: file.length } });
    expect((await names()).toSorted()).toEqual(['one.manifest.json', 'one.tar.zst', 'one.tar.zst.sha512']);
  });

  it.each<[string, (streams: ExecStreams) => ExecResult | Promise<ExecResult>]>([
    ['without an end', () => ({ stdout: content })],
    ['of fewer bytes than tar wrote', () => ({ stdout: content, stderr: end(content.length + 1) })],
    ['of a process whose exit code is another than it says', () => ({ ...whole, exitCode: 126 })],
    ['without a count', () => ({ stdout: content, stderr: 'ended 0\n' })],
    [
      'whose connection is cut',
      (streams) => {
        streams.print('stdout', content.subarray(0, 1000));
        streams.cut();
        return whole;
      },
    ],
    [
      'of a root that changed',
      () => ({ ...whole, stderr: `tar: ./a: file changed as we read it\n${end(1, 1)}`, exitCode: 1 }),
    ],
  ])('%s is started again', async (_what, fault) => {
    tar = [fault, fault, () => whole];
    expect((await write()).contentSize).toBe(content.length);
    expect(attempts).toBe(3);
  });

  it('removes the files of runs that are gone, and no other files', async () => {
    const container = await world.session();
    const other = await world.session();
    const kept = [`.one.${other.workspace.run}.tar.zst`, '.one.tar.zst', `.two.${'0'.repeat(16)}.tar.zst`, 'notes'];
    const gone = [`.one.${'0'.repeat(16)}.tar.zst`, `.one.${'1'.repeat(16)}.manifest.json`];
    for (const name of [...kept, ...gone]) await writeFile(join(target.directory, name), '');
    await writeArchive(container, target, description);
    expect(await names()).toEqual(expect.arrayContaining(kept));
    expect(await names()).not.toEqual(expect.arrayContaining([gone[0]]));
    expect(await names()).toHaveLength(kept.length + 3);
  });
});

describe('the old archive stays, and nothing of the new one', () => {
  beforeEach(async () => {
    await write();
    attempts = 0;
  });

  async function expectOld(failing: Promise<unknown>, expected: object): Promise<void> {
    const before = await findArchive(target);
    await expect(failing).rejects.toMatchObject(expected);
    expect(before).toBeDefined();
    expect(await findArchive(target)).toEqual(before);
    expect(await names()).toHaveLength(3);
  }

  it('when each stream is cut', async () => {
    tar = [() => ({ stdout: content })];
    await expectOld(write(), {
      code: 'engine-lost',
      message: `failed to write ${scratch}/one.tar.zst: the engine cut the stream 5 times, each before the archive's end`,
      hint: expect.stringMatching(
        /^check whether a proxy .* closes connections, or whether the engine restarts$/,
      ) as string,
    });
    expect(attempts).toBe(5);
  });

  it('when tar cannot read something', async () => {
    tar = [() => ({ stderr: `tar: ./a: Cannot open: Input/output error\n${end(10, 2)}`, exitCode: 2 })];
    const logTail = ['tar: ./a: Cannot open: Input/output error'];
    await expectOld(write(), {
      code: 'archive-failed',
      message: `failed to write ${scratch}/one.tar.zst: tar ended with 2`,
      hint: "see tar's own message; the disk of the engine's data directory may be failing",
      logTail,
    });
    expect(attempts).toBe(1);
  });

  it('when the root changes each time that it is read', async () => {
    tar = [() => ({ stderr: `tar: ./a: file changed as we read it\n${end(1, 1)}`, exitCode: 1 })];
    await expectOld(write(), {
      code: 'archive-failed',
      message: `failed to write ${scratch}/one.tar.zst: the root changed while it was read, 5 times`,
      hint: 'a process still writes to the files: stop it in the hook that started it',
      logTail: ['tar: ./a: file changed as we read it'],
    });
    expect(attempts).toBe(5);
  });

  it('when the run is aborted between two bytes', async () => {
    tar = [
      async (streams) => {
        streams.print('stdout', content);
        world.aborter.abort(interruption);
        for await (const bytes of streams.input) expect(bytes.length).toBeGreaterThan(0);
        return whole;
      },
    ];
    const before = await findArchive(target);
    await expect(write()).rejects.toBe(interruption);
    expect(await findArchive(target)).toEqual(before);
    expect(await names()).toHaveLength(3);
  });

  it('when the run is aborted while the file is read back', async () => {
    beforeReadBack(() => world.aborter.abort(interruption));
    const before = await findArchive(target);
    await expect(write()).rejects.toBe(interruption);
    expect(await findArchive(target)).toEqual(before);
    expect(await names()).toHaveLength(3);
  });

  it.each([
    ['another content', zstdCompressSync('short')],
    ['no whole content', zstdCompressSync(content).subarray(0, -3)],
  ])('when the disk returns %s than was written', async (_what, returned) => {
    beforeReadBack((path) => writeFile(path, returned));
    await expectOld(write(), {
      code: 'archive-failed',
      message: `failed to write ${scratch}/one.tar.zst: it is damaged when read back`,
      hint: 'the disk or its file system is failing: use a directory on another one: --output-dir DIR',
    });
  });

  it('when the container is gone', async () => {
    const container = await world.session();
    tar = [
      (streams) => {
        streams.print('stdout', content);
        world.engine.stopContainer(world.engine.container(container.id), 137);
        return whole;
      },
    ];
    await expectOld(writeArchive(container, target, description), { code: 'container-lost' });
  });

  it('when its place is taken by something else', async () => {
    await rm(join(target.directory, 'one.manifest.json'));
    await mkdir(join(target.directory, 'one.manifest.json'));
    const before = await readFile(join(target.directory, 'one.tar.zst'));
    tar = [() => ({ stdout: 'new', stderr: end(3) })];
    await expect(write()).rejects.toMatchObject({
      code: 'archive-failed',
      message: `failed to write ${scratch}/one.tar.zst: ${scratch}/one.manifest.json exists and is not a file`,
      hint: 'move it away, or use another directory: --output-dir DIR',
    });
    expect(await readFile(join(target.directory, 'one.tar.zst'))).toEqual(before);
    expect(attempts).toBe(0);
  });
});

it.each([
  [
    { complaints: ['tar: Warning: XATTR support is not available'] },
    /cannot keep all attributes of files: tar: Warning: XATTR support is not available$/,
    /USE="acl xattr" for app-arch\/tar/,
  ],
  [
    { mounts: [{ path: '/mnt/\udcff', isDirectory: true }] },
    /a mount point's name is not UTF-8: "/,
    /^mount it elsewhere$/,
  ],
])('a root of which not all can be kept is refused before anything is written: %j', async (parts, message, hint) => {
  survey = { ...survey, ...parts };
  target = { ...target, directory: join(target.directory, 'new') };
  await expect(write()).rejects.toMatchObject({
    code: 'archive-failed',
    message: expect.stringMatching(message) as string,
    hint: expect.stringMatching(hint) as string,
  });
  await expect(names()).rejects.toMatchObject({ code: 'ENOENT' });
});

it.each([
  [{ stdout: '{}', stderr: 'no python\n\n' }, ['no python']],
  [{ stdout: 'nonsense\n' }, ['nonsense']],
])('a root whose mounts are unknown is refused with the output of the survey: %j', async (result, logTail) => {
  surveyed = result;
  await expect(write()).rejects.toMatchObject({
    code: 'archive-failed',
    message: 'failed to archive the root: its mounts could not be read',
    hint: 'check that the stage has python3, which zentoo and Portage need',
    logTail,
  });
});

it.each([
  ['/sys/nowhere', /make the directory writable/],
  ['/dev/null/nowhere', /use another one/],
])('a directory that cannot be written to is named, with a hint: %s', async (directory, hint) => {
  await expect(writeArchive(await world.session(), { directory, name: 'one' }, description)).rejects.toMatchObject({
    code: 'archive-failed',
    message: expect.stringContaining(directory) as string,
    hint: expect.stringMatching(hint) as string,
  });
});

describe('files beside each other', () => {
  it('that are not of one archive are none', async () => {
    await write();
    for (const name of await names()) {
      const path = join(target.directory, name);
      const old = await readFile(path);
      await writeFile(path, Buffer.concat([old, Buffer.from(' x')]));
      expect(await findArchive(target), name).toBeUndefined();
      await rm(path);
      expect(await findArchive(target), name).toBeUndefined();
      await writeFile(path, old);
      expect(await findArchive(target), name).toBeDefined();
    }
  });

  it.each([
    ['cut', (file: Buffer) => file.subarray(0, -3)],
    ['changed', (file: Buffer) => Buffer.concat([file.subarray(0, -1), Buffer.from([1])])],
    ['emptied', () => Buffer.alloc(0)],
  ])('that were %s are not read back', async (_how, harm) => {
    const path = join(target.directory, 'file');
    await writeFile(path, harm(Buffer.from(zstdCompressSync(content, { params: { 201: 1 } }))));
    expect(await readBack(path, new AbortController().signal)).toBeUndefined();
  });
});
