import { describe, expect, test } from 'vitest';
import { builderCommand, isAnsweredHere, liveTerminal, type Caller } from '../../../setup/engine/builder-arguments.js';

const engine = { url: 'unix:///run/engine.sock', socket: '/run/engine.sock' };
const caller: Caller = { env: {}, directory: '/home/larry', terminal: undefined, isFile: () => true };
const command = (args: string[], change: Partial<Caller> = {}) =>
  builderCommand(args, engine, { ...caller, ...change });
const fixed = ['--rm', '--init', '--volume', '/run/engine.sock:/var/run/docker.sock'];

test('the builder runs on the ministage, with the socket of the engine', () => {
  expect(command(['net-misc/curl'])).toEqual([
    ...fixed,
    'gentoo-builder',
    '--base',
    'gentoo-ministage',
    'net-misc/curl',
  ]);
});

test('a base that was chosen is left alone', () => {
  expect(command(['--base', 'mine', 'a/b'])).toEqual([...fixed, 'gentoo-builder', '--base', 'mine', 'a/b']);
  expect(command(['--base=mine', 'a/b'])).toEqual([...fixed, 'gentoo-builder', '--base=mine', 'a/b']);
  expect(command(['a/b'], { env: { GENTOO_BASE: 'mine' } })).toEqual([
    ...fixed,
    '--env',
    'GENTOO_BASE',
    'gentoo-builder',
    'a/b',
  ]);
  expect(command(['--', '--base'])).toContain('gentoo-ministage');
});

test('an address takes the place of the socket, with the network of this machine where it is local', () => {
  expect(builderCommand(['a/b'], { url: 'tcp://far:2375', host: 'far', port: 2375 }, caller)).toEqual(
    expect.arrayContaining(['--env', 'DOCKER_HOST=tcp://far:2375']),
  );
  const local = builderCommand(['a/b'], { url: 'tcp://127.0.0.1:1', host: '127.0.0.1', port: 1 }, caller);
  expect(local.join(' ')).toContain('--network host');
});

test('on a terminal the view is live, and as wide as the terminal', () => {
  const args = command(['a/b'], { terminal: { columns: 99 } }).join(' ');
  expect(args).toContain('--env TERM --env COLUMNS=99 gentoo-builder --base gentoo-ministage --progress live a/b');
  expect(command(['--progress=plain', 'a/b'], { terminal: { columns: 0 } }).join(' ')).not.toMatch(/COLUMNS|live/);
});

test('case 2.11: proxies reach the builder', () => {
  const env = { http_proxy: 'http://proxy:3128', NO_PROXY: 'localhost', https_proxy: '' };
  expect(command(['a/b'], { env }).join(' ')).toContain('--env http_proxy --env NO_PROXY gentoo-builder');
});

describe('paths of the host', () => {
  test('make.conf is mounted read-only at its own path, so that messages name the user’s file', () => {
    const inside = '/home/larry/my.conf';
    for (const args of [['--make-conf', 'my.conf'], ['--make-conf=my.conf']]) {
      const made = command([...args, 'a/b']).join(' ');
      expect(made).toContain(`--mount type=bind,source=/home/larry/my.conf,target=${inside},readonly gentoo-builder`);
      expect(made).toMatch(new RegExp(`--make-conf[ =]${inside} a/b$`));
    }
    expect(command(['--make-conf', 'a,"b'])).toContain(
      `type=bind,"source=/home/larry/a,""b","target=/home/larry/a,""b",readonly`,
    );
  });

  test('a make.conf that is not there is refused before anything starts', () => {
    expect(() => command(['--make-conf', 'none', 'a/b'], { isFile: () => false })).toThrow(
      expect.objectContaining({
        message: 'failed to read the make.conf: there is no file /home/larry/none',
        hint: 'the option takes the path of a file on this machine: --make-conf FILE',
        status: 2,
      }),
    );
  });

  test('relative ones become absolute, names of volumes stay', () => {
    expect(command(['--tree', './t', '--log-dir=../l', 'a/b']).slice(-4)).toEqual(
      ['--tree', '/home/larry/t', '--log-dir=/home/l', 'a/b'].slice(-4),
    );
    expect(command(['--tree', 'volume', 'a/b']).slice(-3)).toEqual(['--tree', 'volume', 'a/b']);
    expect(command(['--tree=/abs', 'a/b']).slice(-2)).toEqual(['--tree=/abs', 'a/b']);
  });

  test('what follows -- is not touched', () => {
    const packages = ['--', '--tree', './t', '--make-conf=x'];
    expect(command(packages).slice(-4)).toEqual(packages);
  });
});

test('help, version and the want of arguments need no container', () => {
  expect([['--help'], ['-h'], ['a/b', '--version'], []].every(isAnsweredHere)).toBe(true);
  expect([['a/b'], ['--', '--help']].some(isAnsweredHere)).toBe(false);
});

test('a container draws progress for a terminal of its size, and none in CI or on a dumb terminal', () => {
  const stream = { isTTY: true, columns: 80, rows: 10 };
  const shown = (env: NodeJS.ProcessEnv) => command(['a/b'], { terminal: liveTerminal(stream, env) }).join(' ');
  for (const CI of ['', 'false', '0'])
    expect(shown({ TERM: 'xterm', CI })).toContain('--env TERM --env COLUMNS=80 --env LINES=10 gentoo-builder');
  for (const env of [{ CI: 'true' }, { TERM: 'dumb' }]) expect(shown(env)).not.toMatch(/TERM|live/);
  expect(liveTerminal({ ...stream, isTTY: false }, {})).toBeUndefined();
});
