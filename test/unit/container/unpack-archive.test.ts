import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackArchive } from '../../../src/container/unpack-archive.ts';
import type { ExecScript } from '../../support/fake-engine/fake-engine-execs.ts';
import { temporaryDirectory } from '../site/git-program.ts';
import { BuildWorld } from '../builder/build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { readBytes } from '../builder/fake-unpack.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

function archive(texts: Readonly<Record<string, string>>): Readable {
  const packed = pack();
  for (const [name, text] of Object.entries(texts)) packed.entry({ name, mode: 0o640, uid: 1, gid: 1 }, text);
  packed.finalize();
  return Readable.from(packed);
}

/** Runs the real program. Each run gets the given number of bytes of its input. */
function runs(...sizes: readonly number[]): { script: ExecScript; count: () => number } {
  let count = 0;
  const script: ExecScript = async (_container, { command: [program = '', ...args] }, { input }) => {
    const size = Math.min(Number(args.at(-1)), sizes[count++] ?? Infinity);
    try {
      execFileSync(program, args, { input: await readBytes(input, size), stdio: ['pipe', 'pipe', 'pipe'] });
      return {};
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      return { exitCode: status, stderr };
    }
  };
  return { script, count: () => count };
}

it('replaces files and links with those of an archive; the user who unpacks it owns them', async () => {
  using world = new BuildWorld();
  using home = temporaryDirectory();
  mkdirSync(join(home.path, 'deep'));
  writeFileSync(join(home.path, 'deep/file'), 'old');
  symlinkSync('/nowhere', join(home.path, 'link'));
  world.engine.onExec = runs().script;
  await unpackArchive(await world.session(), home.path, archive({ 'deep/file': 'new', link: 'x' }));
  expect([readFileSync(join(home.path, 'deep/file'), 'utf8'), readFileSync(join(home.path, 'link'), 'utf8')]).toEqual([
    'new',
    'x',
  ]);
  const { mode, uid } = statSync(join(home.path, 'link'));
  expect([mode & 0o777, uid]).toEqual([0o640, process.getuid?.()]);
});

it('unpacks again if the connection is cut before the whole archive arrived', async () => {
  using world = new BuildWorld();
  using home = temporaryDirectory();
  const { script, count } = runs(0, 700);
  world.engine.onExec = script;
  const container = await world.session();
  await passTime(unpackArchive(container, home.path, archive({ file: 'x'.repeat(5000) })));
  expect(count()).toBe(3);
  expect(readFileSync(join(home.path, 'file'), 'utf8')).toHaveLength(5000);
});

it('fails with the error of tar if the directory cannot be used', async () => {
  using world = new BuildWorld();
  world.engine.onExec = runs().script;
  const container = await world.session();
  await expect(passTime(unpackArchive(container, '/no/such', archive({ a: '' })))).rejects.toMatchObject({
    code: 'base-unusable',
    message: expect.stringMatching(/^failed to write files below \/no\/such: .*No such file or directory/) as string,
  });
});
