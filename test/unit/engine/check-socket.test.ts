import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkSocket, explainConnectError, socketFailure } from '../../../src/engine/check-socket.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'check-socket-'));
});
afterEach(() => rm(directory, { recursive: true }));

const unreachable = (message: string): object =>
  expect.objectContaining({ code: 'engine-unreachable', exitStatus: 10, message: expect.stringContaining(message) });

describe('what is found at the path', () => {
  test('nothing', async () => {
    const path = join(directory, 'none');
    await expect(checkSocket(path)).rejects.toEqual(unreachable('nothing is there'));
    await expect(checkSocket(join(directory, 'none', 'below'))).rejects.toEqual(unreachable('nothing is there'));
  });

  test('a directory, with what makes one', async () => {
    const path = join(directory, 'docker.sock');
    await mkdir(path);
    await expect(checkSocket(path)).rejects.toEqual(unreachable('docker run -v makes a directory'));
  });

  test('a file, also as the parent of the path', async () => {
    const path = join(directory, 'docker.sock');
    await writeFile(path, '');
    await expect(checkSocket(path)).rejects.toEqual(unreachable('it is a file, not a socket'));
    await expect(checkSocket(join(path, 'below'))).rejects.toEqual(unreachable('nothing is there'));
  });

  test('a socket', async () => {
    const path = join(directory, 'docker.sock');
    await using server = createServer().listen(path);
    await expect(checkSocket(path)).resolves.toBeUndefined();
    expect(server.listening).toBe(true);
  });
});

test.each(['missing', 'directory', 'file', 'not-listening', 'denied'] as const)(
  'the hint of %s has the option to add',
  (problem) => {
    expect(socketFailure('/var/run/docker.sock', problem).hint).toContain(
      '-v /var/run/docker.sock:/var/run/docker.sock',
    );
  },
);

describe('errors of connecting', () => {
  const connectError = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

  test('nobody listens', async () => {
    const cause = connectError('ECONNREFUSED');
    const failure = await explainConnectError('/run/docker.sock', cause);
    expect(failure).toEqual(unreachable('no engine listens on it'));
    expect(failure?.cause).toBe(cause);
  });

  test('permission denied names the user and the group', async () => {
    const failure = await explainConnectError(directory, connectError('EACCES'));
    expect(failure).toMatchObject({ code: 'engine-denied', exitStatus: 11 });
    expect(failure?.message).toMatch(/permission denied to user \S+; it belongs to group \d+$/);
    expect(failure?.hint).toMatch(/--group-add \d+/);
  });

  test('permission denied on the way to the socket', async () => {
    const failure = await explainConnectError(join(directory, 'none'), connectError('EACCES'));
    expect(failure).toMatchObject({ code: 'engine-denied', message: expect.stringMatching(/permission denied$/) });
  });

  test('others are not explained', async () => {
    expect(await explainConnectError('/run/docker.sock', connectError('ECONNRESET'))).toBeUndefined();
    expect(await explainConnectError('/run/docker.sock', new TypeError('defect'))).toBeUndefined();
  });
});
