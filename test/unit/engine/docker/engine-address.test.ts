import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { formatEngineAddress, parseEngineAddress } from '../../../../src/engine/docker/engine-address.ts';

test.each([
  [undefined, 'unix:///var/run/docker.sock'],
  ['', 'unix:///var/run/docker.sock'],
  ['unix://', 'unix:///var/run/docker.sock'],
  ['unix:///run/user/1000/docker.sock', 'unix:///run/user/1000/docker.sock'],
  [' unix:///run/docker.sock\r\n', 'unix:///run/docker.sock'],
  [' ', 'unix:///var/run/docker.sock'],
  ['localhost:2375', 'tcp://localhost:2375'],
  ['builder', 'tcp://builder:2375'],
  [':2376', 'tcp://localhost:2376'],
  ['tcp://', 'tcp://localhost:2375'],
  ['tcp://:2375', 'tcp://localhost:2375'],
  ['tcp://builder', 'tcp://builder:2375'],
  ['tcp://builder:80/', 'tcp://builder:80'],
  ['tcp://127.0.0.1:2376', 'tcp://127.0.0.1:2376'],
  ['tcp://[::1]:2375', 'tcp://[::1]:2375'],
  ['ssh://far', 'ssh://far'],
  ['ssh://larry@far.example:2222/', 'ssh://larry@far.example:2222'],
  ['ssh://larry@[::1]/run/user/1000/docker.sock', 'ssh://larry@[::1]/run/user/1000/docker.sock'],
])('DOCKER_HOST %j is %s', (host, address) => {
  expect(formatEngineAddress(parseEngineAddress({ DOCKER_HOST: host }))).toBe(address);
});

test.each([
  ['ssh://', 'it is not ssh://[USER@]HOST[:PORT][/PATH]'],
  ['ssh://host:port', 'it is not ssh://[USER@]HOST[:PORT][/PATH]'],
  ['ssh://host?query', 'it is not ssh://[USER@]HOST[:PORT][/PATH]'],
  ['ssh://host#part', 'it is not ssh://[USER@]HOST[:PORT][/PATH]'],
  ['ssh://a user@host', 'it is not ssh://[USER@]HOST[:PORT][/PATH]'],
  ["ssh://host/it's a path", 'it is not ssh://[USER@]HOST[:PORT][/PATH]'],
  ['http://host', 'it is none of unix://, tcp:// and ssh://'],
  ['npipe:////./pipe/docker_engine', 'it is none of unix://, tcp:// and ssh://'],
  ['unix://relative', 'its path is not absolute'],
  ['tcp://host:port', 'it is not tcp://HOST:PORT'],
  ['tcp://host:70000', 'it is not tcp://HOST:PORT'],
  ['tcp://user@host', 'it is not tcp://HOST:PORT'],
  ['tcp://host/prefix', 'a path after the port is not supported'],
  ['/run/docker.sock', 'a path after the port is not supported'],
  ['\u0000', 'it is not tcp://HOST:PORT'],
])('DOCKER_HOST %j is refused, because %s', (host, why) => {
  expect(() => parseEngineAddress({ DOCKER_HOST: host })).toThrow(
    expect.objectContaining({
      code: 'engine-unreachable',
      exitStatus: 10,
      message: `failed to use DOCKER_HOST ${JSON.stringify(host)}: ${why}`,
      hint: 'set DOCKER_HOST to unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST, or unset it to use /var/run/docker.sock',
    }),
  );
});

test('the message about a DOCKER_HOST has its first 200 characters', () => {
  expect(() => parseEngineAddress({ DOCKER_HOST: `http://${'y'.repeat(999)}` })).toThrow(
    `DOCKER_HOST "http://${'y'.repeat(193)}": it`,
  );
});

test('the message about a DOCKER_HOST hides a password', () => {
  expect(() => parseEngineAddress({ DOCKER_HOST: 'ssh://larry:secret@host' })).toThrow(
    'DOCKER_HOST "ssh://larry:***@host": a password is not supported; ssh uses keys',
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

test('case 2.12: TLS needs only the certificates that the Docker CLI needs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'certificates-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const environment = { DOCKER_HOST: 'tcp://host', DOCKER_CERT_PATH: directory };
  const [verified, unverified] = [
    { ...environment, DOCKER_TLS_VERIFY: '1' },
    { ...environment, DOCKER_TLS: '1' },
  ];
  expect(parseEngineAddress(unverified)).toMatchObject({ port: 2376, tls: { rejectUnauthorized: false } });
  expect(() => parseEngineAddress(verified)).toThrow('ca.pem');
  writeFileSync(join(directory, 'ca.pem'), 'ca');
  expect(parseEngineAddress(verified)).toMatchObject({ port: 2376, tls: { ca: Buffer.from('ca') } });
  expect(parseEngineAddress(unverified)).toMatchObject({ tls: { rejectUnauthorized: false } });
  writeFileSync(join(directory, 'cert.pem'), 'cert');
  expect(() => parseEngineAddress(verified)).toThrow('key.pem');
  expect(() => parseEngineAddress(unverified)).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/or unset DOCKER_TLS$/) as string }),
  );
  writeFileSync(join(directory, 'key.pem'), 'key');
  const own = { cert: Buffer.from('cert'), key: Buffer.from('key') };
  expect(parseEngineAddress(verified)).toMatchObject({ tls: { ca: Buffer.from('ca'), ...own } });
  expect(parseEngineAddress({ ...verified, DOCKER_TLS: '1' })).not.toHaveProperty('tls.rejectUnauthorized');
  expect(parseEngineAddress(unverified)).toMatchObject({ tls: { rejectUnauthorized: false, ...own } });
});

test('missing certificates are named in the failure', () => {
  const environment = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/no/such' };
  expect(() => parseEngineAddress(environment)).toThrow(
    expect.objectContaining({
      code: 'engine-unreachable',
      message: expect.stringMatching(/^failed to read the certificates for the Docker engine: .*\/no\/such\/ca\.pem/),
      hint: expect.stringMatching(/^set DOCKER_CERT_PATH to the directory .*, or unset DOCKER_TLS_VERIFY$/),
    }),
  );
});

test.each([
  ['/home/larry/.docker/ca.pem', { HOME: '/home/larry' }],
  ['/root/.docker/ca.pem', {}],
  ['/home/larry/.docker/ca.pem', { HOME: '/home/larry', DOCKER_CERT_PATH: '' }],
  ['/etc/docker-client/ca.pem', { HOME: '/home/larry', DOCKER_CONFIG: '/etc/docker-client' }],
])('certificates are sought at %s if the environment has %j', (path, environment) => {
  const withTls = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', ...environment };
  expect(() => parseEngineAddress(withTls)).toThrow(path);
});
