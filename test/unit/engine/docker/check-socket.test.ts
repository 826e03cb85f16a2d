import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkSocket, explainConnectError, socketFailure } from '../../../../src/engine/docker/check-socket.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'check-socket-'));
});
afterEach(() => rm(directory, { recursive: true }));

const unreachable = (message: string): object =>
  expect.objectContaining({ code: 'engine-unreachable', exitStatus: 10, message: expect.stringContaining(message) });

describe('the socket path', () => {
  test('does not exist', async () => {
    const path = join(directory, 'none');
    await expect(checkSocket(path)).rejects.toEqual(unreachable('nothing is there'));
    await expect(checkSocket(join(directory, 'none', 'below'))).rejects.toEqual(unreachable('nothing is there'));
  });

  test('is a directory, with a hint at the cause', async () => {
    const path = join(directory, 'docker.sock');
    await mkdir(path);
    await expect(checkSocket(path)).rejects.toEqual(unreachable('docker run -v makes a directory'));
  });

  test('is a file or below a file', async () => {
    const path = join(directory, 'docker.sock');
    await writeFile(path, '');
    await expect(checkSocket(path)).rejects.toEqual(unreachable('it is a file, not a socket'));
    await expect(checkSocket(join(path, 'below'))).rejects.toEqual(unreachable('nothing is there'));
  });

  test('is a socket', async () => {
    const path = join(directory, 'docker.sock');
    await using server = createServer().listen(path);
    await expect(checkSocket(path)).resolves.toBeUndefined();
    expect(server.listening).toBe(true);
  });
});

describe('a problem of the socket', () => {
  const path = '/run/d.sock';
  const option = `-v ${path}:${path}`;

  test.each([
    [
      'missing',
      'nothing is there',
      /in a container, add the option OPTION to docker run; on a host, start the Docker engine/,
    ],
    [
      'directory',
      'it is a directory, not a socket; docker run -v makes',
      /remove the empty directory .* option OPTION$/,
    ],
    [
      'file',
      'it is a file, not a socket',
      /mount the socket of the Docker engine, with the option OPTION, or set DOCKER_HOST/,
    ],
    [
      'not-listening',
      'no engine listens on it',
      /start the Docker engine on the host, .* option OPTION: .* is the old one/,
    ],
    [
      'denied',
      'permission denied',
      /run as root or add the options OPTION --group-add GROUP-OF-THE-SOCKET; on a host, .*usermod -aG docker/,
    ],
  ] as const)('%s has its message and a hint with the option to add', (problem, why, hint) => {
    const failure = socketFailure(path, problem);
    expect(failure.message.startsWith(`failed to reach the Docker engine at ${path}: ${why}`)).toBe(true);
    expect(failure.hint).toMatch(new RegExp(hint.source.replaceAll('OPTION', option)));
    expect(failure.code).toBe(problem === 'denied' ? 'engine-denied' : 'engine-unreachable');
  });

  test('denied tells who the user is and which group may use the socket', () => {
    const failure = socketFailure(path, 'denied', { group: 998, user: 'larry' });
    expect(failure.message).toMatch(/: permission denied to user larry; it belongs to group 998$/);
    expect(failure.hint).toContain(`${option} --group-add 998;`);
  });
});

describe('the explanation of a connection error', () => {
  const connectError = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

  test('says that no engine listens', async () => {
    const cause = connectError('ECONNREFUSED');
    const failure = await explainConnectError('/run/docker.sock', cause);
    expect(failure).toEqual(unreachable('no engine listens on it'));
    expect(failure?.cause).toBe(cause);
  });

  test('names the user and the group if permission is denied', async () => {
    const failure = await explainConnectError(directory, connectError('EACCES'));
    expect(failure).toMatchObject({ code: 'engine-denied', exitStatus: 11 });
    expect(failure?.message).toMatch(/permission denied to user \S+; it belongs to group \d+$/);
    expect(failure?.hint).toMatch(/--group-add \d+/);
  });

  test('says that permission is denied if the directory of the socket cannot be read', async () => {
    const failure = await explainConnectError(join(directory, 'none'), connectError('EACCES'));
    expect(failure).toMatchObject({ code: 'engine-denied', message: expect.stringMatching(/permission denied$/) });
  });

  test.each([
    ['ENOENT', 'nothing is there'],
    ['ENOTDIR', 'nothing is there'],
    ['ENOTSOCK', 'it is a file, not a socket'],
    ['EPERM', 'permission denied'],
  ])('of %s says that %s', async (code, why) => {
    const failure = await explainConnectError('/no/docker.sock', connectError(code));
    expect(failure?.message).toBe(`failed to reach the Docker engine at /no/docker.sock: ${why}`);
  });

  test('no explanation exists for other errors', async () => {
    expect(await explainConnectError('/run/docker.sock', connectError('ECONNRESET'))).toBeUndefined();
    expect(await explainConnectError('/run/docker.sock', new TypeError('defect'))).toBeUndefined();
  });
});
