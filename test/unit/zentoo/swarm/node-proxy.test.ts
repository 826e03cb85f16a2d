import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeCertificates, proxyName } from '../../../../src/zentoo/swarm/certificate.ts';
import { serveNodeProxy, type NodeProxySettings } from '../../../../src/zentoo/swarm/node-proxy.ts';
import { attachesInput, requestLine } from '../../../../src/zentoo/swarm/request-line.ts';

const certificates = makeCertificates(new Date());
const attach = 'POST /v1.41/containers/abc/attach?stdin=true&stream=true HTTP/1.1\r\n\r\n';

/** An engine that answers each chunk with it, and a proxy in front of it. */
async function openProxy(settings: Partial<NodeProxySettings> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'node-proxy-'));
  const socket = join(directory, 'docker.sock');
  const connections: Socket[] = [];
  const engine = createServer({ allowHalfOpen: true }, (connection) => {
    connections.push(connection);
    connection.on('error', () => undefined).pipe(connection);
  }).listen(socket);
  await once(engine, 'listening');
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  const controller = new AbortController();
  const ended = serveNodeProxy({
    ...{ ca: certificates.ca, ...certificates.server, port: 0, socket, silenceMs: 60_000, idleMs: 60_000 },
    ...{ signal: controller.signal, onListening: resolve, ...settings },
  });
  ended.catch(() => undefined);
  onTestFinished(async () => {
    controller.abort(new Error('the end of the test'));
    await ended.catch(() => undefined);
    for (const connection of connections) connection.destroy();
    engine.close();
    rmSync(directory, { recursive: true });
  });
  const port = await listening;
  const open = (options: ConnectionOptions = {}): TLSSocket => {
    const trust = { ca: certificates.ca, ...certificates.client, servername: proxyName };
    const halfOpen: ConnectionOptions & { readonly allowHalfOpen: boolean } = { allowHalfOpen: true };
    return connect({ port, host: '127.0.0.1', ...halfOpen, ...trust, ...options }).on('error', () => undefined);
  };
  const client = async (): Promise<TLSSocket> => {
    const made = open();
    await once(made, 'secureConnect');
    return made;
  };
  return { open, client, ended, connections, controller };
}

describe('the certificates of a run', () => {
  it('are two identities of one authority, for one purpose each, and valid for months from a day ago', () => {
    const ca = new X509Certificate(certificates.ca);
    for (const [{ cert }, purpose] of [
      [certificates.server, '1.3.6.1.5.5.7.3.1'],
      [certificates.client, '1.3.6.1.5.5.7.3.2'],
    ] as const) {
      const one = new X509Certificate(cert);
      expect([one.checkIssued(ca), one.verify(ca.publicKey), one.ca, one.keyUsage]).toEqual([
        true,
        true,
        false,
        [purpose],
      ]);
    }
    expect([ca.ca, new X509Certificate(certificates.server.cert).checkHost(proxyName)]).toEqual([true, proxyName]);
    const late = new X509Certificate(makeCertificates(new Date('2049-12-31T12:00:00Z')).ca);
    expect([late.validFromDate, late.validToDate]).toEqual([
      new Date('2049-12-30T12:00:00Z'),
      new Date('2050-03-31T12:00:00Z'),
    ]);
  });
});

describe('a node proxy', () => {
  it('passes bytes on in both directions, and the end of each', async () => {
    const { client } = await openProxy();
    const one = await client();
    expect(one.getProtocol()).toBe('TLSv1.3');
    one.end('GET /_ping HTTP/1.1\r\n\r\n');
    const [answer] = (await once(one, 'data')) as [Buffer];
    expect(answer.toString()).toBe('GET /_ping HTTP/1.1\r\n\r\n');
    await once(one, 'end');
  });

  it.each<[string, ConnectionOptions]>([
    ['no certificate', { cert: '', key: '' }],
    ['a certificate of another run', { ...makeCertificates(new Date()).client }],
    ['the certificate of a proxy', { ...certificates.server }],
  ])('refuses a client with %s', async (_, options) => {
    const { open, connections } = await openProxy();
    const one = open(options);
    const said: Buffer[] = [];
    one.on('data', (chunk: Buffer) => said.push(chunk));
    one.end('GET /_ping HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => one.once('close', resolve));
    expect([said, connections]).toEqual([[], []]);
  });

  it('refuses TLS 1.2', async () => {
    const { open } = await openProxy();
    await expect(once(open({ maxVersion: 'TLSv1.2' }), 'secureConnect')).rejects.toThrow(/version/);
  });

  it('closes an attachment to the input of a container on which the client is silent', async () => {
    const { client, connections } = await openProxy({ silenceMs: 100 });
    const [held, other] = [await client(), await client()];
    other.write('POST /exec/abc/start HTTP/1.1\r\n\r\n');
    await once(other, 'data');
    held.write(attach.slice(0, 10));
    held.write(attach.slice(10));
    held.resume();
    await once(held, 'end');
    await Promise.race(connections.map((connection) => once(connection, 'close')));
    expect(other.readableEnded).toBe(false);
  });

  it.each<[string, readonly string[]]>([
    ['after another request of the connection', ['GET /_ping HTTP/1.1\r\n\r\n', attach]],
    ['after a body without an end of a line', ['PUT /x HTTP/1.1\r\n\r\n', 'POST', 'x'.repeat(100), attach]],
    ['in bytes of their own', [...attach]],
  ])('closes an attachment whose request comes %s', async (_, chunks) => {
    const { client } = await openProxy({ silenceMs: 100 });
    const held = await client();
    for (const chunk of chunks) {
      held.write(chunk);
      await once(held, 'data');
    }
    held.resume();
    await once(held, 'end');
  });

  it('closes the connection to the engine when the client goes away', async () => {
    const { client, connections } = await openProxy();
    const one = await client();
    one.write(attach);
    await once(one, 'data');
    one.destroy();
    const [connection] = connections;
    if (connection === undefined) return expect.fail('there is no connection');
    await once(connection, 'close');
  });

  it('ends by itself when no client has sent anything for a time, even if a connection is open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { client, ended } = await openProxy({ idleMs: 600_000 });
    let hasEnded = false;
    void ended.then(() => (hasEnded = true));
    const one = await client();
    for (let count = 0; count < 3; count++) {
      one.write('GET /_ping HTTP/1.1\r\n\r\n');
      await once(one, 'data');
      vi.advanceTimersByTime(599_000);
      await setImmediate();
      expect(hasEnded).toBe(false);
    }
    vi.advanceTimersByTime(1000);
    await ended;
  });

  it('closes the connection of a client if the engine refuses it', async () => {
    const { client } = await openProxy({ socket: '/nowhere/docker.sock' });
    const one = await client();
    one.write('GET /_ping HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => one.resume().once('end', resolve).once('close', resolve));
  });

  it('ends with the reason of its signal', async () => {
    const { ended, controller } = await openProxy();
    controller.abort(new Error('terminated'));
    await expect(ended).rejects.toThrow('terminated');
  });
});

describe('the request line', () => {
  it.each([
    ['POST /v1.41/containers/abc/attach?stdin=true&stream=1 HTTP/1.1', true],
    ['POST /containers/abc/attach?stream=1&stdin=1 HTTP/1.1', true],
    ['POST /containers/abc/attach?stdin=0 HTTP/1.1', false],
    ['POST /containers/abc/attach?stdout=1 HTTP/1.1', false],
    ['POST /containers/abc/start?stdin=1 HTTP/1.1', false],
    ['POST http://[/containers HTTP/1.1', false],
    ['POST /containers/abc/%61ttach?stdin=1 HTTP/1.1', true],
    ['POST http://docker/containers/abc/attach?std%69n=yes HTTP/1.1', true],
    ['POST /containers/a/../abc/attach?stdin=2 HTTP/1.0', true],
    ['GET /containers/abc/attach/ws?stdin=1 HTTP/1.1', true],
    ['POST /containers/abc/attach?stdin=False HTTP/1.1', false],
    ['POST /containers/%/attach?stdin=1 HTTP/1.1', true],
  ])('%s attaches to an input: %s', (line, expected) => {
    expect(attachesInput(line)).toBe(expected);
  });

  it('is found when its end came', () => {
    expect(requestLine(Buffer.from('GET /'))).toBeUndefined();
    expect(requestLine(Buffer.from('GET / HTTP/1.1\r\nHost: x'))).toBe('GET / HTTP/1.1');
    expect(requestLine(Buffer.alloc(9000, 'x'))).toBe('x'.repeat(8192));
  });

  it('attaches to an input if the parameters of an attachment go on after 8192 bytes', () => {
    const parameters = 'x'.repeat(8192);
    expect(attachesInput(`POST /containers/abc/attach?${parameters}`)).toBe(true);
    expect(attachesInput(`POST /containers/create?${parameters}`)).toBe(false);
  });
});
