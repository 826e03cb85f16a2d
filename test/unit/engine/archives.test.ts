import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';

import { entriesOf } from '../../../src/engine/archive-entries.ts';
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { engineThat } from './engine-that.ts';
import { id } from './every-call.ts';
import { pack } from 'tar-stream';

afterEach(restoreTime);

const path = '/var/db/pkg';
const step = `read ${path} in container ${id}`;

/** The bytes of an archive with the files `a` and `b`. */
async function archiveBytes(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'a' }, 'first');
  archive.entry({ name: 'b' }, 'second');
  archive.finalize();
  return buffer(archive);
}

/** Reads an archive to its end. */
async function readFiles(archive: Readable | undefined): Promise<Readonly<Record<string, string>>> {
  if (archive === undefined) throw new Error('there is no archive');
  const files: [string, string][] = [];
  for await (const entry of entriesOf(archive)) files.push([entry.header.name, await text(entry)]);
  return Object.fromEntries(files);
}

/** An answer that has the first file of an archive and goes on as `rest` says. */
async function beginArchive(rest: (response: ServerResponse, rest: Buffer) => void): Promise<RequestListener> {
  const bytes = await archiveBytes();
  return (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-tar' });
    response.write(bytes.subarray(0, 1024), () => rest(response, bytes.subarray(1024)));
  };
}

test('an archive that the engine sends is read to its end', async () => {
  const engine = await engineThat(await beginArchive((response, rest) => void response.end(rest)));
  expect(await readFiles(await engine.readArchive(id, path))).toEqual({ a: 'first', b: 'second' });
});

test('kind of case 1.12: an archive whose connection becomes silent fails after two minutes, and the connection is closed', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  const answer = await beginArchive((response) => void response.on('close', () => resolve('closed')));
  const engine = await engineThat(answer);
  const archive = await engine.readArchive(id, path);
  fakeTime();
  const elapsed = stopwatch();
  await expect(passTime(readFiles(archive))).rejects.toMatchObject({
    code: 'engine-lost',
    message: `failed to ${step}: the connection to the Docker engine at ${engine.address} brought no byte for 120 s`,
  });
  expect(elapsed()).toBeGreaterThanOrEqual(120_000);
  restoreTime();
  expect(await closed).toBe('closed');
});

test('kind of case 1.12: an archive from an engine on another machine fails when the engine answers no ping any more', async () => {
  const answer = await beginArchive(() => undefined);
  let pings = 0;
  const pinged = new EventEmitter();
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/_ping') !== true) answer(request, response);
    // The first ping negotiates the version.
    else if (++pings === 1) response.writeHead(200, { 'Api-Version': '1.41' }).end('OK');
    else pinged.emit('ping');
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const engine = await connectEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
  const archive = await engine.readArchive(id, path);
  fakeTime();
  let failure: unknown;
  const failed = readFiles(archive).catch((error: unknown) => (failure = error));
  while (failure === undefined) {
    const next = once(pinged, 'ping');
    await vi.advanceTimersByTimeAsync(5000);
    await Promise.race([next, failed]);
  }
  expect(failure).toMatchObject({
    code: 'engine-lost',
    message: `failed to ${step}: lost the Docker engine at ${engine.address} (it answers no ping)`,
  });
});

test('an archive whose connection is cut fails as engine-lost', async () => {
  const engine = await engineThat(await beginArchive((response) => response.socket?.destroy()));
  const message = expect.stringContaining(`failed to ${step}: lost the Docker engine`) as string;
  await expect(readFiles(await engine.readArchive(id, path))).rejects.toMatchObject({ code: 'engine-lost', message });
});

test('an archive that nobody reads to its end closes its connection', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  const engine = await engineThat(await beginArchive((response) => void response.on('close', () => resolve('closed'))));
  const archive = await engine.readArchive(id, path);
  archive?.destroy();
  expect(await closed).toBe('closed');
});

test.each([
  ['an error', new Error('cut'), 'cut'],
  ['no error', undefined, 'Premature close'],
])('an archive that was broken off with %s before it is read fails', async (_, error, message) => {
  const archive = new PassThrough().on('error', () => undefined);
  archive.destroy(error);
  await new Promise((resolve) => void archive.once('close', resolve));
  await expect(readFiles(archive)).rejects.toThrow(message);
});
