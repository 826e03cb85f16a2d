import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { zentooCommand } from '../../../setup/engine/zentoo-arguments.js';
import { FLAGS, readZentooCall, VALUED } from '../../../setup/engine/zentoo-call.js';
import type { OptionTable } from '../../../src/cli/parse-arguments.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gentoo-builder-site-')));
afterAll(() => rmSync(directory, { recursive: true }));

function site(name: string, text: string): string {
  mkdirSync(join(directory, name));
  writeFileSync(join(directory, name, 'site.yaml'), `name: ${name}\n${text}\n`);
  return name;
}

const plain = site('plain', '# swarm: true');
const swarm = site('swarm', 'swarm: true');
const off = site('off', 'swarm: false\noutputs: [image]');
const short = site('short', 'swarm: { registry: host }');
const long = site('long', 'swarm: # with a registry\n\n  # the registry\n  registry: host');
const quoted = site('quoted', '"swarm" : !!bool TRUE');
const anchored = site('anchored', 'x: &on true\r\nswarm:\r\n    *on');
const word = site('word', 'swarm: yes');
const text = site('text', 'notes: |\n  a\nother: "\nswarm: true"');
const broken = site('broken', 'swarm: true\n  : {');
const named = site('build', '');

test.each<[readonly string[], string | undefined, boolean]>([
  [['build', '--swarm'], plain, true],
  [['--json', 'build', '--site', swarm], undefined, true],
  [['build', `--site=${short}`], undefined, true],
  [['build'], long, true],
  [['build'], quoted, true],
  [['build'], anchored, true],
  [['--retry', 'build', '--retry', 'a/b'], swarm, true],
  [['--keep-failed', '--', 'build'], swarm, true],
  [['swarm', 'status'], plain, true],
  [['build'], plain, false],
  [['build'], off, false],
  [['build'], word, false],
  [['build'], text, false],
  [['build'], broken, false],
  [['build', '--swarm', '--help'], plain, false],
  [['build', '--', '--swarm'], plain, false],
  [['plan'], swarm, false],
  [['list', '--site', swarm], undefined, false],
  [['--site', named, 'list', '--swarm'], undefined, false],
  [['build', '--output', 'swarm'], plain, false],
  [['build', '--swarm'], 'nowhere', false],
  [['swarm', 'status'], 'nowhere', false],
])('zentoo %j with the site %s starts in its image: %s', (args, chosen, needed) => {
  const env = chosen === undefined ? {} : { ZENTOO_SITE: chosen };
  expect(readZentooCall(args, { env, directory }).usesSwarm).toBe(needed);
});

test('set-up knows the options of all commands', async () => {
  const commands = join(import.meta.dirname, '../../../src/cli/zentoo');
  const tables: OptionTable[] = [];
  for (const file of readdirSync(commands).filter((name) => name.endsWith('.ts')))
    for (const one of Object.values((await import(join(commands, file))) as Record<string, { options?: OptionTable }>))
      if (one.options !== undefined) tables.push(one.options);
  const valued = tables.flatMap(({ single, repeated, optional = [] }) => [...single, ...repeated, ...optional]);
  const common = ['site', 'log-format', 'progress'];
  expect(new Set(VALUED)).toEqual(new Set([...common, ...valued]));
  expect(new Set(FLAGS)).toEqual(new Set(['json', 'help', 'version', ...tables.flatMap(({ flags }) => flags)]));
});

describe('zentoo in its image', () => {
  const engine = { url: 'unix:///run/other.sock', socket: '/run/other.sock' };
  const user = undefined;
  const start = ['--rm', '--init', '--volume', '/run/other.sock:/var/run/docker.sock'];
  const end = ['--workdir', directory, '--entrypoint', 'zentoo', 'gentoo-builder'];
  const mounted = (path: string, source = path) => ['--mount', `type=bind,source=${source},target=${path}`];
  const optionsOf = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    zentooCommand(args, engine, { env, directory, terminal: undefined, user }).slice(
      start.length,
      -end.length - args.length,
    );

  it('has the site at the same path, and the caller’s terminal, proxies and choice of a site', () => {
    const env = { ZENTOO_SITE: swarm, NO_COLOR: '1', https_proxy: 'http://proxy:3128', OTHER: 'x' };
    expect(zentooCommand(['build'], engine, { env, directory, terminal: { columns: 90 }, user })).toEqual([
      ...start,
      ...['--env', 'TERM', '--env', 'NO_COLOR', '--env', 'https_proxy', '--env', 'COLUMNS=90', '--env', 'ZENTOO_SITE'],
      ...mounted(join(directory, swarm)),
      ...end,
      ...['--progress', 'live', 'build'],
    ]);
  });

  it('has the site alone, not the directory around it, which may be /etc in git, and the directory of archives', () => {
    const repository = join(directory, 'repository');
    for (const name of ['.git', 'site']) mkdirSync(join(repository, name), { recursive: true });
    const args = ['build', '--site', 'repository/site', '--output-dir=out', '--progress', 'plain'];
    const caller = { env: {}, directory, terminal: { columns: 0 }, user };
    const mounts = [...mounted(join(repository, 'site')), ...mounted(join(directory, 'out'))];
    expect(zentooCommand(args, engine, caller)).toEqual([...start, '--env', 'TERM', ...mounts, ...end, ...args]);
    expect(existsSync(join(directory, 'out'))).toBe(true);
  });

  it('has a site behind a link by its real path, and what links of a site lead to', () => {
    const real = join(directory, site('real, "quoted"\nname', 'swarm: true'));
    symlinkSync(real, join(directory, 'link'));
    mkdirSync(join(directory, 'archives'));
    symlinkSync('../archives', join(real, 'output'));
    symlinkSync('/nowhere', join(real, 'site.lock'));
    const fields = `"source=${real.replaceAll('"', '""')}",target=${join(directory, 'link')}`;
    expect(optionsOf(['build', '--site', 'link'])).toEqual([
      ...['--mount', `type=bind,${fields}`],
      ...mounted(join(directory, 'archives')),
    ]);
  });

  it('acts as the user who may use the socket of the engine, unless this is root', async () => {
    const socket = join(directory, 'docker.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    const call = (groups: readonly number[]) =>
      zentooCommand(
        ['build'],
        { url: `unix://${socket}`, socket },
        {
          ...{ env: { ZENTOO_SITE: plain }, directory, terminal: undefined },
          user: { uid: 1000, gid: 100, groups },
        },
      );
    chmodSync(socket, 0o660);
    const owner = { uid: process.getuid?.(), gid: process.getgid?.() ?? 0 };
    const isOfRoot = owner.uid === 0;
    expect(call([100, owner.gid]).includes('--user')).toBe(isOfRoot);
    if (isOfRoot) expect(call([100, 0]).join(' ')).toContain('--user 1000:100 --group-add 0');
    expect(call([100])).not.toContain('--user');
    chmodSync(socket, 0o600);
    expect(call([100, owner.gid])).not.toContain('--user');
    server.close();
  });

  it('is refused for an engine at a port of this host, as the network of the host joins no other one', () => {
    const caller = { env: { ZENTOO_SITE: plain }, directory, terminal: undefined, user };
    expect(() => zentooCommand(['build'], { url: 'tcp://127.0.0.1:1', host: '127.0.0.1', port: 1 }, caller)).toThrow(
      'failed to use the swarm: a container reaches either tcp://127.0.0.1:1 or the nodes of the swarm',
    );
  });

  it('says which directory of archives cannot be made', () => {
    expect(() => optionsOf(['build', '--output-dir', 'plain/site.yaml/out'])).toThrow(
      expect.objectContaining({ status: 18, message: expect.stringContaining('plain/site.yaml') as unknown }) as Error,
    );
  });

  it('reaches sockets and machines, with the certificates of the caller', () => {
    const further = site('further', 'engines: [unix:///run/two.sock, tcp://three:2376]');
    const ofSite = mounted(join(directory, further));
    const env = { ZENTOO_SITE: further, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
    expect(optionsOf(['build', '--engine', 'tcp://four'], env)).toEqual([
      ...['--env', 'ZENTOO_SITE', ...ofSite],
      ...['--mount', 'type=bind,source=/run/two.sock,target=/run/two.sock,readonly'],
      ...['--env', 'DOCKER_TLS_VERIFY', '--env', 'DOCKER_CERT_PATH=/certs'],
      ...['--mount', 'type=bind,source=/certs,target=/certs,readonly'],
    ]);
    expect(optionsOf(['swarm', 'status'], env)).toEqual(['--env', 'ZENTOO_SITE', ...ofSite]);
  });

  it.each(['ssh://user:secret@host', 'context', 'tcp://localhost:2375', 'tcp://127.0.0.1', 'tcp://:2375'])(
    'refuses the further engine %s, which a container does not reach',
    (endpoint) => {
      const call = () => optionsOf(['build', '--swarm', '--engine', endpoint], { ZENTOO_SITE: plain });
      expect(call).toThrow(/failed to use the further engine .*: zentoo runs in a container/);
      expect(call).not.toThrow(/secret/);
    },
  );
});
