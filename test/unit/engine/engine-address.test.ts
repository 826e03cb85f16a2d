import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { formatEngineAddress, parseEngineAddress } from '../../../src/engine/engine-address.ts';

test.each([
  [undefined, 'unix:///var/run/docker.sock'],
  ['', 'unix:///var/run/docker.sock'],
  ['unix://', 'unix:///var/run/docker.sock'],
  ['unix:///run/user/1000/docker.sock', 'unix:///run/user/1000/docker.sock'],
  ['tcp://builder', 'tcp://builder:2375'],
  ['tcp://builder:80/', 'tcp://builder:80'],
  ['tcp://127.0.0.1:2376', 'tcp://127.0.0.1:2376'],
  ['tcp://[::1]:2375', 'tcp://[::1]:2375'],
])('DOCKER_HOST %j is %s', (host, address) => {
  expect(formatEngineAddress(parseEngineAddress({ DOCKER_HOST: host }))).toBe(address);
});

test.each([
  'ssh://root@host',
  'http://host',
  'host:2375',
  'unix://relative',
  'tcp://',
  'tcp://host:port',
  'tcp://host:70000',
  'tcp://user@host',
  'tcp://host/prefix',
  'npipe:////./pipe/docker_engine',
  '\u0000',
])('DOCKER_HOST %j is refused with a hint', (host) => {
  expect(() => parseEngineAddress({ DOCKER_HOST: host })).toThrow(
    expect.objectContaining({
      code: 'engine-unreachable',
      exitStatus: 10,
      hint: expect.stringContaining('unix:///PATH'),
    }),
  );
});

test('TLS takes the certificates and another port', () => {
  const directory = mkdtempSync(join(tmpdir(), 'certificates-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const name of ['ca', 'cert', 'key']) writeFileSync(join(directory, `${name}.pem`), name);
  const environment = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directory };
  const tls = { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') };
  expect(parseEngineAddress(environment)).toEqual({ kind: 'tcp', host: 'host', port: 2376, tls });
  expect(parseEngineAddress({ ...environment, DOCKER_TLS_VERIFY: '' })).toMatchObject({ port: 2375, tls: undefined });
});

test('certificates that are not there are named', () => {
  const environment = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/no/such' };
  expect(() => parseEngineAddress(environment)).toThrow(
    expect.objectContaining({ code: 'engine-unreachable', message: expect.stringContaining('/no/such/ca.pem') }),
  );
});
