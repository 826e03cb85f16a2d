import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { findDockerProxies } from '../../../../src/engine/docker/docker-context.ts';
import { formatEngineAddress, parseEngineAddress } from '../../../../src/engine/docker/engine-address.ts';
import { chooseEndpoint, isGiven } from '../../../../setup/engine/endpoint.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'docker-context-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(path: string, content: unknown): void {
  const file = join(home, '.docker', path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

const idOf = (name: string) => createHash('sha256').update(name).digest('hex');

function writeContext(name: string, Host: string, SkipTLSVerify = false): void {
  write(`contexts/meta/${idOf(name)}/meta.json`, { Name: name, Endpoints: { docker: { Host, SkipTLSVerify } } });
}

describe('case 2.12: the context of the Docker CLI', () => {
  test.each([
    ['currentContext', {}, 'unix:///run/user/1000/docker.sock'],
    ['DOCKER_CONTEXT before currentContext', { DOCKER_CONTEXT: 'far' }, 'tcp://far:2375'],
    ['DOCKER_HOST before all', { DOCKER_HOST: 'tcp://host', DOCKER_CONTEXT: 'far' }, 'tcp://host:2375'],
    ['the default context', { DOCKER_CONTEXT: 'default' }, 'unix:///var/run/docker.sock'],
    ['an empty DOCKER_HOST', { DOCKER_HOST: '' }, 'unix:///run/user/1000/docker.sock'],
  ])('decides by %s', (_, environment, address) => {
    write('config.json', { auths: {}, currentContext: 'rootless' });
    writeContext('rootless', 'unix:///run/user/1000/docker.sock');
    writeContext('far', 'tcp://far:2375');
    const env = { HOME: home, ...environment };
    expect(formatEngineAddress(parseEngineAddress(env))).toBe(address);
    // The set-up uses the same engine, and installs none where one is named.
    expect(chooseEndpoint(env).url.replace(/host$/, 'host:2375')).toBe(address);
    expect(isGiven(env)).toBe(!address.includes('/var/run/'));
  });

  test('is found in DOCKER_CONFIG', () => {
    write('config.json', { currentContext: 'mine' });
    writeContext('mine', 'tcp://mine');
    const env = { HOME: '/nonexistent', DOCKER_CONFIG: join(home, '.docker') };
    expect(formatEngineAddress(parseEngineAddress(env))).toBe('tcp://mine:2375');
    expect(chooseEndpoint(env)).toMatchObject({ host: 'mine', port: 2375 });
  });

  test.each(['', '{', '[]', '{"currentContext":7}', '{"currentContext":null}'])(
    'is the default one if config.json is %j, as for the CLI',
    (text) => {
      write('config.json', text);
      expect(formatEngineAddress(parseEngineAddress({ HOME: home }))).toBe('unix:///var/run/docker.sock');
    },
  );

  test.each([
    ['there is none', () => undefined, /^failed to use the Docker context "gone": there is no .*meta\.json$/],
    [
      'it names no engine',
      () => write(`contexts/meta/${idOf('gone')}/meta.json`, { Name: 'gone', Endpoints: {} }),
      /names no engine$/,
    ],
    [
      'its engine is behind SSH with a password',
      () => writeContext('gone', 'ssh://root:secret@far'),
      /^failed to use the Docker context "gone": its host is "ssh:\/\/root:\*\*\*@far": a password is not supported; ssh uses keys$/,
    ],
    [
      'its host is no address',
      () => writeContext('gone', 'npipe://x'),
      /it is none of unix:\/\/, tcp:\/\/ and ssh:\/\/$/,
    ],
  ])('is refused if %s', (_, prepare, message) => {
    write('config.json', { currentContext: 'gone' });
    prepare();
    expect(() => parseEngineAddress({ HOME: home })).toThrow(
      expect.objectContaining({
        code: 'engine-unreachable',
        message: expect.stringMatching(message) as string,
        hint: expect.stringContaining('docker context use') as string,
      }),
    );
    expect(() => chooseEndpoint({ HOME: home })).toThrow();
  });

  test('has its own certificates, and may skip the check', () => {
    writeContext('tls', 'tcp://far');
    const env = { HOME: home, DOCKER_CONTEXT: 'tls' };
    expect(parseEngineAddress(env)).toMatchObject({ port: 2375, tls: undefined });
    write(`contexts/tls/${idOf('tls')}/docker/ca.pem`, 'ca');
    expect(parseEngineAddress(env)).toMatchObject({ port: 2376, tls: { ca: Buffer.from('ca') } });
    writeContext('tls', 'tcp://far', true);
    expect(parseEngineAddress(env)).toMatchObject({ tls: { ca: Buffer.from('ca'), rejectUnauthorized: false } });
    // DOCKER_TLS_VERIFY and DOCKER_CERT_PATH belong to DOCKER_HOST.
    expect(parseEngineAddress({ ...env, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/none' })).toMatchObject({
      port: 2376,
    });
    expect(() => chooseEndpoint(env)).toThrow('an engine behind TLS is not supported');
  });
});

describe('case 2.11: the proxies of the Docker CLI', () => {
  const socket = 'unix:///var/run/docker.sock';
  const found = (address: string) =>
    findDockerProxies({ HOME: home }, address).map(({ variable, value }) => `${variable}=${value}`);

  test('are those of the engine, else those of all engines', () => {
    write('config.json', {
      proxies: {
        default: {
          httpProxy: 'http://p:1',
          httpsProxy: 'http://p:2',
          noProxy: 'n',
          ftpProxy: '',
          allProxy: 'a',
          x: null,
        },
        'tcp://far:2375': { httpProxy: 'http://far:1' },
      },
    });
    expect(found(socket)).toEqual(['http_proxy=http://p:1', 'https_proxy=http://p:2', 'no_proxy=n', 'all_proxy=a']);
    expect(found('tcp://far:2375')).toEqual(['http_proxy=http://far:1']);
    expect(findDockerProxies({ DOCKER_CONFIG: join(home, '.docker') }, socket)[0]?.source).toBe(
      `httpProxy in ${join(home, '.docker/config.json')}`,
    );
  });

  test.each(['', '{', '[]', '{"proxies":null}', '{"proxies":[]}', '{"proxies":{"default":{"httpProxy":7}}}'])(
    'are none if config.json is %j',
    (text) => {
      write('config.json', text);
      expect(found(socket)).toEqual([]);
    },
  );
});
