import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectEngineAt } from '../../../../src/engine/docker/connect-engine.ts';
import { Failure } from '../../../../src/failure.ts';
import { makeCertificates, proxyName } from '../../../../src/zentoo/swarm/certificate.ts';
import { serveNodeProxy } from '../../../../src/zentoo/swarm/node-proxy.ts';
import { ProxyDirectory } from '../../../../src/zentoo/swarm/proxy-directory.ts';
import { FakeSwarm, node, task } from './fake-swarm.ts';

let swarm: FakeSwarm;
let directory: ProxyDirectory;
beforeEach(() => {
  swarm = new FakeSwarm();
  swarm.objects.push({ kind: 'service', id: 'proxy', name: 'proxy', labels: {} });
  directory = new ProxyDirectory(swarm, 'proxy');
});
afterEach(() => {
  directory[Symbol.dispose]();
  vi.useRealTimers();
});

describe('what the manager says of nodes', () => {
  it('has the address of the task that runs, which is the newest one', async () => {
    swarm.started = [
      task('two', { state: 'shutdown', desired: 'shutdown', addresses: ['10.0.0.1'] }),
      task('two', { desired: 'shutdown', addresses: ['10.0.0.2'], created: new Date(3) }),
      task('two', { addresses: ['10.0.0.3'], created: new Date(1) }),
      task('two', { addresses: ['10.0.0.4'], created: new Date(2) }),
      task('three', { state: 'preparing' }),
    ];
    await directory.refresh();
    expect(['two', 'three', 'four'].map((id) => directory.addressOf(id))).toEqual(['10.0.0.4', undefined, undefined]);
  });

  it('is asked again every two seconds, and tells when a node takes work again or no more', async () => {
    vi.useFakeTimers();
    await directory.refresh();
    const changes: string[] = [];
    directory.onChange = () => changes.push(['two', 'three'].filter((id) => directory.isOpen(id)).join());
    directory.watch();
    swarm.members = [node('two'), { ...node('three'), availability: 'pause' }];
    await vi.advanceTimersByTimeAsync(2000);
    swarm.refusing = /nodes/;
    await vi.advanceTimersByTimeAsync(2000);
    swarm.refusing = undefined;
    swarm.members = [{ ...node('two'), isReady: false }, node('three')];
    await vi.advanceTimersByTimeAsync(4000);
    expect(changes).toEqual(['two', 'three']);
  });

  it('tells when a label or a reservation changes the room of a node', async () => {
    vi.useFakeTimers();
    await directory.refresh();
    const changes: unknown[] = [];
    const look = () => [directory.isOpen('two'), directory.jobsOf('two'), directory.reservedOn('two')];
    directory.onChange = () => changes.push(look());
    directory.watch();
    const none = { cpus: 0, memory: 0 };
    swarm.reserved = [
      { node: 'two', cpus: 0.5, memory: 100 },
      { node: 'three', cpus: 7, memory: 7 },
      { node: 'two', cpus: 1, memory: 0 },
    ];
    await vi.advanceTimersByTimeAsync(4000);
    swarm.reserved = [];
    swarm.members = [node('two', { 'zentoo.builder': 'true', 'zentoo.jobs': '3' })];
    await vi.advanceTimersByTimeAsync(4000);
    swarm.members = [node('two', { 'zentoo.jobs': 'many' })];
    await vi.advanceTimersByTimeAsync(4000);
    expect(changes).toEqual([
      [true, undefined, { cpus: 1.5, memory: 100 }],
      [true, 3, none],
      [false, undefined, none],
    ]);
  });
});

describe('an engine behind a node proxy', () => {
  /** An engine that answers /info with a name, behind a proxy. Returns the port. */
  async function serve(name: string, certificates: ReturnType<typeof makeCertificates>): Promise<number> {
    const place = mkdtempSync(join(tmpdir(), 'engine-'));
    const socket = join(place, 'docker.sock');
    const info = { ID: name, NCPU: 1, MemTotal: 1, Architecture: 'x86_64', DockerRootDir: '/' };
    const server = createServer((_, response) =>
      response.writeHead(200, { 'Api-Version': '1.41' }).end(JSON.stringify(info)),
    );
    await once(server.listen(socket), 'listening');
    const { promise, resolve } = Promise.withResolvers<number>();
    const controller = new AbortController();
    const ended = serveNodeProxy({
      ...{ ca: certificates.ca, ...certificates.server, port: 0, socket, silenceMs: 10_000, idleMs: 600_000 },
      ...{ signal: controller.signal, onListening: resolve },
    });
    onTestFinished(async () => {
      controller.abort();
      await ended.catch(() => undefined);
      server.close();
      rmSync(place, { recursive: true });
    });
    return promise;
  }

  it('is reached at the address of the task by the name of the node, and no certificate of another run is taken', async () => {
    const [certificates, other] = [makeCertificates(new Date()), makeCertificates(new Date())];
    const [port, foreign] = [await serve('node two', certificates), await serve('foreign', other)];
    swarm.started = [task('two', { addresses: ['127.0.0.1'] })];
    await directory.refresh();
    const { ca, client } = certificates;
    const trust = { ca: Buffer.from(ca), cert: Buffer.from(client.cert), key: Buffer.from(client.key) };
    const at = (id: string, number: number) => {
      const tls = { ...trust, servername: proxyName, minVersion: 'TLSv1.3', lookup: directory.lookupFor(id) } as const;
      return connectEngineAt({ kind: 'tcp', host: 'host-two.invalid', port: number, tls });
    };
    const engine = await at('two', port);
    expect([engine.address, (await engine.info()).id]).toEqual([`tcp://host-two.invalid:${port}`, 'node two']);
    swarm.started = [];
    await directory.refresh();
    await expect(engine.info()).rejects.toThrow('there is no node proxy on host-two.invalid');
    swarm.started = [task('two', { addresses: ['127.0.0.1'] })];
    await directory.refresh();
    expect((await engine.info()).id).toBe('node two');
    await expect(at('two', foreign)).rejects.toThrow(Failure);
    await expect(at('three', port)).rejects.toThrow(Failure);
  });
});
