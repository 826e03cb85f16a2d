import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ArchiveFiles,
  checkOutputDirectory,
  findArchive,
  readBack,
  syncToDisk,
  withArchiveFailure,
} from '../../../../src/zentoo/output/archive-files.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const target = { directory: '/srv/output', name: 'one' };

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: because`), { code, syscall: 'write' });
}

describe('an error of the file system while an archive is written', () => {
  it.each([
    ['ENOSPC', /^free some space there, or use a directory on another file system: --output-dir DIR$/],
    ['EDQUOT', /^free some space there/],
    ['EFBIG', /^free some space there/],
    ['EACCES', /^make the directory writable for this program, or use another one: --output-dir DIR$/],
    ['EPERM', /^make the directory writable/],
    ['EROFS', /^make the directory writable/],
    ['EIO', /^check that the directory exists and is writable, or use another one: --output-dir DIR$/],
  ])('%s names the archive and has a hint', async (code, hint) => {
    const cause = systemError(code);
    await expect(withArchiveFailure(target, () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'archive-failed',
      message: `failed to write /srv/output/one.tar.zst: ${code}: because`,
      hint: expect.stringMatching(hint) as string,
      cause,
    });
  });

  it.each([new Error('a defect'), Object.assign(new Error('x'), { code: 'ABORT_ERR' }), 'no error'])(
    'is not any other error: %s',
    async (error) => {
      await expect(withArchiveFailure(target, () => Promise.reject(error as Error))).rejects.toBe(error);
    },
  );

  it('is none if the work succeeds', async () => {
    expect(await withArchiveFailure(target, () => Promise.resolve(3))).toBe(3);
  });
});

describe('the directory of the archives', () => {
  it('is made, with the directories above it, and nothing is left in it', async () => {
    using home = temporaryDirectory();
    const directory = join(home.path, 'a/b');
    await checkOutputDirectory(directory);
    await checkOutputDirectory(directory);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is refused if it cannot be made', async () => {
    using home = temporaryDirectory();
    const file = join(home.path, 'file');
    await writeFile(file, '');
    await expect(checkOutputDirectory(join(file, 'below'))).rejects.toMatchObject({
      code: 'mount-unusable',
      message: expect.stringMatching(`^failed to write archives to ${file}/below: ENOTDIR`) as string,
      hint: 'make it a writable directory, or use another one: --output-dir DIR',
    });
  });

  it('is not blamed for an error that no file system gave', async () => {
    await expect(checkOutputDirectory('a\0b')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('is refused if it is not writable', async () => {
    await expect(checkOutputDirectory('/sys/kernel')).rejects.toMatchObject({
      code: 'mount-unusable',
      hint: expect.stringMatching(/^make the directory writable for this program/) as string,
    });
  });
});

it('an archive is not found in a directory that does not exist, and below a file', async () => {
  using home = temporaryDirectory();
  await writeFile(join(home.path, 'file'), '');
  for (const place of ['none', 'file']) {
    expect(await findArchive({ directory: join(home.path, place), name: 'one' })).toBeUndefined();
  }
});

it('an error that hides an archive is thrown', async () => {
  using home = temporaryDirectory();
  await mkdir(join(home.path, 'one.manifest.json'));
  await expect(findArchive({ directory: home.path, name: 'one' })).rejects.toMatchObject({ code: 'EISDIR' });
  const { signal } = new AbortController();
  await expect(readBack(join(home.path, 'none'), signal)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('only other runs are asked about, and only those that left files of this archive', async () => {
  using home = temporaryDirectory();
  const [own, other] = ['a'.repeat(16), 'b'.repeat(16)];
  const files = [
    '.one.tar.zst',
    `.two.${'c'.repeat(16)}.tar.zst`,
    `.one.${own}.tar.zst`,
    `.one.${other}.tar.zst`,
    'one.tar.zst',
  ];
  for (const name of files) await writeFile(join(home.path, name), '');
  const asked: string[] = [];
  await ArchiveFiles.open({ directory: home.path, name: 'one' }, own, async (run) => {
    asked.push(run);
    return true;
  });
  expect(asked).toEqual([other]);
  expect((await readdir(home.path)).toSorted()).toEqual(files.filter((name) => !name.includes(other)).toSorted());
});

it('a file that cannot be flushed to the disk is an error', async () => {
  await expect(syncToDisk('/dev/null')).rejects.toMatchObject({ code: 'EINVAL', syscall: 'fsync' });
});
