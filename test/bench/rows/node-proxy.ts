import { once } from 'node:events';
import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { pack } from 'tar-stream';
import { makeCertificates, proxyName } from '../../../src/zentoo/swarm/certificate.ts';
import type { Bench } from '../bench-world.ts';
import { spreadOf, takeRounds } from '../compare.ts';
import type { Row } from '../row.ts';
import type { ThreadSettings } from '../serve-node-proxy.ts';
import { prefix } from '../test-bed.ts';

const megabytes = 200;
const slowest = 100;

type Send = (options: RequestOptions) => ClientRequest;

/** Seconds of a transfer of the archive to a container, and back. */
interface Transfer {
  readonly into: number;
  readonly out: number;
}

/** Measures the transfer of an archive to a container of the engine and back, through a node proxy and without one. */
export async function compareNodeProxy({ api, runs, bed }: Bench): Promise<readonly Row[]> {
  const socket = dockerSocket();
  const certificates = makeCertificates(new Date());
  const settings: ThreadSettings = { ca: certificates.ca, ...certificates.server, socket };
  const proxy = new Worker(new URL('../serve-node-proxy.ts', import.meta.url), { workerData: settings });
  const listening = once(proxy, 'message') as Promise<[number]>;
  listening.catch(() => undefined);
  const { Id: id } = await api.call<{ Id: string }>('POST', `/containers/create?name=${prefix}-proxy`, {
    Image: bed.base,
    Cmd: ['/bin/true'],
  });
  try {
    const [port] = await listening;
    const trust = { ca: certificates.ca, ...certificates.client, servername: proxyName, host: '127.0.0.1', port };
    const through: Send = (options) => secureRequest({ ...trust, ...options, agent: false });
    const direct: Send = (options) => plainRequest({ socketPath: socket, ...options, agent: false });
    const rounds = await takeRounds<[Transfer, Transfer]>(runs, [
      () => transfer(through, id),
      () => transfer(direct, id),
    ]);
    return (['into', 'out'] as const).map((way) => {
      const speeds = (side: 0 | 1) => spreadOf(rounds.map((round) => megabytes / round[side][way]));
      const own = speeds(1);
      return {
        name: `proxy-${way}`,
        what: `an archive of ${megabytes} MB ${way === 'into' ? 'to a container' : 'from a container'} through a node proxy`,
        value: speeds(0),
        unit: ' MB/s',
        target: { atLeast: slowest },
        details: [`without the proxy ${own.median.toFixed(0)} MB/s (${own.min.toFixed(0)}-${own.max.toFixed(0)})`],
      };
    });
  } finally {
    await proxy.terminate();
    await api.remove(`/containers/${id}?force=1&v=1`);
  }
}

async function transfer(send: Send, id: string): Promise<Transfer> {
  const path = (name: string) => `/v1.41/containers/${id}/archive?path=${encodeURIComponent(name)}`;
  const begin = performance.now();
  const put = send({ method: 'PUT', path: path('/tmp'), headers: { 'content-type': 'application/x-tar' } });
  const answered = once(put, 'response') as Promise<[IncomingMessage]>;
  await pipeline(archive(), put);
  const [stored] = await answered;
  await drain(stored);
  const middle = performance.now();
  const get = send({ method: 'GET', path: path('/tmp/large') }).end();
  const [sent] = (await once(get, 'response')) as [IncomingMessage];
  const bytes = await drain(sent);
  if (stored.statusCode !== 200 || sent.statusCode !== 200 || bytes < megabytes * 1e6)
    throw new Error(`the engine answered ${stored.statusCode} and ${sent.statusCode}, with ${bytes} bytes`);
  return { into: (middle - begin) / 1000, out: (performance.now() - middle) / 1000 };
}

/** An archive of one file. */
function archive(): Readable {
  const tar = pack();
  const chunk = Buffer.alloc(1e6, 'gentoo');
  const entry = tar.entry({ name: 'large', size: megabytes * 1e6 });
  void pipeline(Readable.from(Array.from({ length: megabytes }, () => chunk)), entry).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(tar);
}

async function drain(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  return bytes;
}

function dockerSocket(): string {
  const { protocol, pathname } = new URL(process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock');
  if (protocol !== 'unix:') throw new Error('this row needs the socket of an engine of this machine');
  return pathname;
}
