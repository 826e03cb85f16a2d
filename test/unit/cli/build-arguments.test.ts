import { describe, expect, it } from 'vitest';
import { describeFailures } from '../../../src/report/failure-text.ts';
import { parseBuildCommand, type BuildCommand } from '../../../src/cli/build-arguments.ts';

function parseBuild(...argv: string[]) {
  const command = parseBuildCommand(argv, {});
  if (command.type !== 'build') throw new Error(`not a build: ${JSON.stringify(command)}`);
  return command;
}

function messages(command: BuildCommand): string[] {
  const failures =
    command.type === 'usage' ? command.failures : command.type === 'build' ? command.request.invalidPackages : [];
  return failures.map((failure) => failure.message);
}

describe('parseBuildCommand', () => {
  it('answers no arguments with usage of three lines and status 2', () => {
    const command = parseBuildCommand([], {});
    expect(messages(command)).toHaveLength(1);
    expect(messages(command)[0]?.split('\n')).toHaveLength(3);
    expect(command.type === 'usage' && command.failures[0]?.exitStatus).toBe(2);
  });

  it('reads packages, sets and every option', () => {
    const { request, presentation } = parseBuild(
      ...[
        'net-misc/curl',
        '@greetings',
        '--base',
        'registry.example:5000/stage:1',
        '--tree=/srv/tree',
        '--create-tree',
      ],
      ...['--no-sync', '--sync-max-age=24h', '--use=ssl -ipv6', '--jobs', '3', '--emerge-option=--keep-going'],
      ...['--emerge-option=--load-average=2', '--make-conf=/make.conf', '--no-binpkgs', '--tag', 'a:1', '--tag', 'b'],
      ...[
        '--keep-failed',
        '--rebuild',
        '--log-dir=logs',
        '--dry-run',
        '--timeout=2h',
        '--silence-timeout=90',
        '--min-free=2G',
      ],
      '--tmpfs=4G',
      ...['--json', '--log-format=json', '--progress=live'],
    );
    expect(request).toEqual({
      packages: ['net-misc/curl', '@greetings'],
      invalidPackages: [],
      base: 'registry.example:5000/stage:1',
      tree: '/srv/tree',
      createTree: true,
      sync: false,
      syncMaxAge: 86_400,
      emergeOptions: ['--keep-going', '--load-average=2'],
      use: 'ssl -ipv6',
      jobs: 3,
      makeConf: '/make.conf',
      binpkgs: false,
      tags: ['a:1', 'b'],
      keepFailed: true,
      logDir: 'logs',
      dryRun: true,
      rebuild: true,
      timeout: 7200,
      silenceTimeout: 90,
      minFree: 2 * 1024 ** 3,
      tmpfs: 4 * 1024 ** 3,
    });
    expect(presentation).toEqual({ json: true, logFormat: 'json', progress: 'live' });
  });

  it('syncs, keeps binary packages and asks for 1 GiB unless it is told otherwise', () => {
    const { request } = parseBuild('net-misc/curl');
    expect(request).toMatchObject({
      sync: true,
      binpkgs: true,
      tmpfs: 'auto',
      minFree: 1024 ** 3,
      base: undefined,
      tags: [],
    });
  });

  it('takes the base from GENTOO_BASE, and --base before it', () => {
    const base = (argv: string[], GENTOO_BASE: string) => {
      const command = parseBuildCommand(argv, { GENTOO_BASE });
      return command.type === 'build' ? command.request.base : command;
    };
    expect(base(['a/b'], 'mine')).toBe('mine');
    expect(base(['a/b'], '')).toBeUndefined();
    expect(base(['a/b', '--base=other'], 'mine')).toBe('other');
  });

  it.each([
    [['--pretend'], "'--pretend'"],
    [['-C', 'glibc'], "'-C'"],
    [['--bsae=x', 'a/b'], "'--bsae=x'"],
    [['--bas=x', 'a/b'], 'did you mean --base?'],
    [['a/b', '--base'], '--base needs a value'],
    [['a/b', '--base=x', '--base=y'], '--base is given 2 times'],
    [['a/b', '--base=UPPER'], "'UPPER', given as base, is not the name of an image"],
    [['a/b', '--tag=a b'], "'a b', given as tag"],
    [['a/b', '--jobs=none'], '--jobs'],
    [['a/b', '--jobs=0'], '--jobs'],
    [['a/b', '--timeout=soon'], 'a time such as'],
    [['a/b', '--min-free=much'], 'a size such as'],
    [['a/b', '--tmpfs=on'], "--tmpfs='on' is not auto, off or a size such as 500M or 8G"],
    [['a/b', '--tmpfs=0'], "--tmpfs='0' is not auto"],
    [['a/b', '--tree=../x'], 'absolute path'],
    [['a/b', '--use=$(id)'], 'USE flags'],
    [['a/b', '--progress=fast'], 'auto, live, plain'],
    [['a/b', '--emerge-option=--pretend'], 'something else than build'],
    [['a/b', '--emerge-option=--pret'], '--pretend'],
    [['a/b', '--emerge-option=--fetchonl'], '--fetchonly'],
    [['a/b', '--emerge-option=-av'], '-a (--ask)'],
    [['a/b', '--emerge-option=glibc'], 'does not begin with a dash'],
    [['a/b', '--emerge-option', '--keep-going'], '--emerge-option needs a value'],
  ])('refuses %j with status 2, naming the argument', (argv, expected) => {
    const command = parseBuildCommand(argv, {});
    expect(messages(command).join('\n')).toContain(expected);
    expect(command.type === 'usage' && command.failures.every((failure) => failure.exitStatus === 2)).toBe(true);
  });

  it.each(['; rm -rf /', '../x', '', '/etc/passwd', '--pretend', '-C', 'a/b c', 'a/b\u0007'])(
    'refuses %j as a package, by name',
    (text) => {
      const [message, ...rest] = messages(parseBuildCommand(['--', text], {}));
      expect(rest).toEqual([]);
      expect(message).toContain(`failed to read the package '${JSON.stringify(text).slice(1, -1)}'`);
    },
  );

  it('lists everything that is wrong at once', () => {
    const all = messages(parseBuildCommand(['--nope', '--jobs=x', '../x', ';'], {}));
    expect(all).toHaveLength(4);
  });

  it('has the first ten of 10,000 bad packages shown, shortened, and how many more there are', () => {
    const command = parseBuildCommand(
      Array.from({ length: 10_000 }, (_, index) => `;${'x'.repeat(100)}${index}`),
      {},
    );
    const failures = command.type === 'build' ? command.request.invalidPackages : [];
    const shown = describeFailures(failures, { name: 'gentoo-builder', version: '0' });
    expect(shown.filter((line) => line.includes('failed to read the package'))).toHaveLength(10);
    expect(shown.every((line) => line.length < 300)).toBe(true);
    expect(shown.at(-1)).toContain('9990 more failures');
  });

  it('refuses an argument of 1 MB, shortened', () => {
    const [message, ...rest] = messages(parseBuildCommand(['x'.repeat(1024 ** 2)], {}));
    expect(rest).toEqual([]);
    expect(message).toContain('(1048576 characters)');
    expect(message?.length).toBeLessThan(300);
  });
});
