import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchableGenerations, requireComposes, type Generation } from '../../../setup/packages/compose.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A program that answers `version --short` so, and fails otherwise. */
async function addProgram(path: string, command: string, version: string): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n[ "$*" = "${command}version --short" ] && echo ${version}\n`, { mode: 0o755 });
}

async function found(needed: readonly Generation[] = []): Promise<string[]> {
  const composes = await requireComposes({ PATH: join(directory, 'bin') }, needed, join(directory, 'cache'));
  return composes.map(({ command, version }) => `${command} ${version}`);
}

describe('the composes of a machine', () => {
  it('are one of each generation, the older one first', async () => {
    await addProgram('bin/docker', 'compose ', 'v2.40.3');
    await addProgram('bin/docker-compose', '', '1.29.2');
    expect(await found()).toEqual(['docker-compose 1.29.2', 'docker compose 2.40.3']);
  });

  it('are its own before those that set-up fetched, which make up for what it does not have', async () => {
    await addProgram('bin/docker-compose', '', '5.0.1');
    await addProgram('cache/compose-1/root/usr/bin/docker-compose', '', '1.29.2');
    expect(await found()).toEqual(['docker-compose 1.29.2', 'docker-compose 5.0.1']);
  });

  it('are asked for, by name, where there is none', async () => {
    await addProgram('bin/docker', 'no such command ', '20.10');
    await expect(found()).rejects.toMatchObject({
      message: 'failed to find docker compose: neither `docker compose` nor `docker-compose` is installed',
      hint: expect.stringContaining('compose plugin, or docker-compose 1.29') as string,
    });
  });

  it('are both there where set-up fetches both', async () => {
    await addProgram('bin/docker', 'compose ', 'v2.40.3');
    expect(await found(['2'])).toEqual(['docker compose 2.40.3']);
    await expect(found(['1', '2'])).rejects.toMatchObject({
      message: 'failed to find docker compose: generation 1 is missing',
      hint: expect.stringContaining('run `npm test -- test/e2e/compose.test.ts`, which fetches it') as string,
    });
  });

  it.each([
    ['Debian 12, as root', 'ID=debian\nVERSION_ID="12"\n', true, ['1', '2']],
    ['Debian 13, as root', 'ID=debian\nVERSION_ID="13"\n', true, ['2']],
    ['a Debian without a number, as root', 'ID=debian\n', true, ['2']],
    ['Debian 12, as somebody else', 'ID=debian\nVERSION_ID="12"\n', false, []],
    ['another system', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="12"\n', true, []],
  ] as const)('that set-up fetches on %s', (_, release, isRoot, generations) => {
    expect(fetchableGenerations(release, isRoot)).toEqual(generations);
  });
});
