import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { needsContainer, zentooCommand } from '../../../setup/engine/zentoo-arguments.js';

const directory = mkdtempSync(join(tmpdir(), 'gentoo-builder-site-'));
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
const long = site('long', 'swarm: # with a registry\n  registry: host');

test.each<[readonly string[], string | undefined, boolean]>([
  [['build', '--swarm'], plain, true],
  [['--json', 'build', '--site', swarm], undefined, true],
  [['build', `--site=${short}`], undefined, true],
  [['build'], long, true],
  [['swarm', 'status'], plain, true],
  [['build'], plain, false],
  [['build'], off, false],
  [['build', '--swarm', '--help'], plain, false],
  [['plan'], swarm, false],
  [['build'], 'nowhere', false],
])('zentoo %j with the site %s starts in its image: %s', (args, named, needed) => {
  const env = named === undefined ? {} : { ZENTOO_SITE: named };
  expect(needsContainer(args, { env, directory })).toBe(needed);
});

describe('zentoo in its image', () => {
  const engine = { url: 'unix:///run/other.sock', socket: '/run/other.sock' };
  const start = ['--rm', '--init', '--volume', '/run/other.sock:/var/run/docker.sock'];
  const end = ['--workdir', directory, '--entrypoint', 'zentoo', 'gentoo-builder'];
  const mounted = (path: string) => ['--mount', `type=bind,source=${path},target=${path}`];

  it('has the site at the same path, and the caller’s terminal, proxies and choice of a site', () => {
    const env = { ZENTOO_SITE: swarm, NO_COLOR: '1', https_proxy: 'http://proxy:3128', OTHER: 'x' };
    expect(zentooCommand(['build'], engine, { env, directory, terminal: { columns: 90 } })).toEqual([
      ...start,
      ...['--env', 'TERM', '--env', 'NO_COLOR', '--env', 'https_proxy', '--env', 'COLUMNS=90', '--env', 'ZENTOO_SITE'],
      ...mounted(join(directory, swarm)),
      ...end,
      ...['--progress', 'live', 'build'],
    ]);
  });

  it('has the git work tree that the site is in, and the directory of archives', () => {
    const repository = join(directory, 'repository');
    for (const name of ['.git', 'site']) mkdirSync(join(repository, name), { recursive: true });
    const args = ['build', '--site', 'repository/site', '--output-dir=out', '--progress', 'plain'];
    const caller = { env: {}, directory, terminal: { columns: 0 } };
    expect(zentooCommand(args, engine, caller)).toEqual([
      ...[...start, '--env', 'TERM', ...mounted(repository), ...mounted(join(directory, 'out')), ...end, ...args],
    ]);
    expect(existsSync(join(directory, 'out'))).toBe(true);
  });
});
