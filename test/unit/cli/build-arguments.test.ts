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

  it('takes a package whose name looks like a number as it was typed', () => {
    expect(parseBuild('1e3', '--', '0x10').request.packages).toEqual(['1e3', '0x10']);
  });

  it('prints text, and chooses the progress itself, unless it is told otherwise', () => {
    expect(parseBuild('a/b').presentation).toEqual({ json: false, logFormat: 'text', progress: 'auto' });
  });

  it.each([
    ['--tree', ['gentoo_1.x', 'x', '/srv/my trees/gentoo', '/']],
    ['--jobs', ['1', '9999']],
    ['--use', ['*', 'a_b@c +ssl -ipv6']],
  ])('takes for %s any of %j', (option, values) => {
    for (const value of values) expect(messages(parseBuildCommand(['a/b', `${option}=${value}`], {}))).toEqual([]);
  });

  it('misses a package if there is none, unless an unknown option may have taken it', () => {
    const { request } = parseBuild('--jobs=3');
    expect(request.invalidPackages).toMatchObject([
      {
        code: 'usage',
        message: 'failed to read the command line: there is no package',
        hint: expect.stringMatching(/^usage: gentoo-builder \[options\] PACKAGE/) as string,
      },
    ]);
    expect(messages(parseBuildCommand(['--bsae', 'a/b'], {}))).toHaveLength(1);
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

  it('names GENTOO_BASE if its value is not an image name', () => {
    expect(messages(parseBuildCommand(['a/b'], { GENTOO_BASE: 'UPPER' }))).toEqual([
      "failed to read the command line: GENTOO_BASE='UPPER' is not an image name",
    ]);
  });

  it('takes image names of every form of the grammar, and image ids, but no name that is too long', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const names = ['localhost:5000/a/b__c:Tag', `registry.example.org/a@${digest}`, 'a.b-c', digest];
    const tagged = parseBuildCommand(['a/b', ...names.map((name) => `--tag=${name}`)], {});
    expect(tagged.type === 'build' && tagged.request.tags).toEqual(names);
    const long = `--tag=${'a'.repeat(1000)}`;
    expect(messages(parseBuildCommand(['a/b', long], {})).join()).toContain('is not an image name');
  });

  it.each([
    [['--pretend'], "'--pretend'"],
    [['-C', 'glibc'], "'-C'"],
    [['--bsae=x', 'a/b'], "'--bsae=x'"],
    [['--bas=x', 'a/b'], 'did you mean --base?'],
    [['a/b', '--base'], '--base needs a value'],
    [['a/b', '--emerge-option='], '--emerge-option needs a value'],
    [['a/b', '--no-base'], '--base needs a value'],
    [['a/b', '--base=x', '--base=y'], '--base is given 2 times'],
    [['a/b', '--base=UPPER'], "--base='UPPER' is not an image name"],
    [['a/b', '--tag=a b'], "--tag='a b' is not an image name"],
    [['a/b', '--jobs=none'], "--jobs='none' is not a number from 1 to 9999"],
    [['a/b', '--jobs=0'], "--jobs='0' is not a number from 1 to 9999"],
    [['a/b', '--jobs=10000'], "--jobs='10000' is not a number from 1 to 9999"],
    [['a/b', '--jobs=3x'], "--jobs='3x' is not a number"],
    [['a/b', '--jobs=x3'], "--jobs='x3' is not a number"],
    [['a/b', '--timeout=soon'], "--timeout='soon' is not a time such as 90s, 30m, 24h or 7d"],
    [['a/b', '--silence-timeout=x'], "--silence-timeout='x' is not a time such as"],
    [['a/b', '--sync-max-age=x'], "--sync-max-age='x' is not a time such as"],
    [['a/b', '--min-free=much'], "--min-free='much' is not a size such as 500M or 2G"],
    [['a/b', '--tmpfs=on'], "--tmpfs='on' is not auto, off or a size such as 500M or 8G"],
    [['a/b', '--tmpfs=0'], "--tmpfs='0' is not auto"],
    [['a/b', '--tree=../x'], "--tree='../x' is not the name of a volume or an absolute path on the engine's host"],
    [['a/b', '--tree=a/b'], "--tree='a/b' is not the name of a volume"],
    [['a/b', '--log-dir=-x/y'], "--log-dir='-x/y' is not the name of a volume"],
    [['a/b', '--use=$(id)'], '--use=\'$(id)\' is not a list of USE flags such as "ssl -ipv6"'],
    [['a/b', '--use=ssl $(id)'], 'is not a list of USE flags'],
    [['a/b', '--use=$(id) ssl'], 'is not a list of USE flags'],
    [['a/b', '--progress=fast'], "--progress='fast' is not one of auto, live, plain"],
    [['a/b', '--log-format=xml'], "--log-format='xml' is not one of text, json"],
    [['a/b', '--no-syn'], "unknown option '--no-syn'; did you mean --no-sync?"],
    [['a/b', '--dry-runs'], "unknown option '--dry-runs'; did you mean --dry-run?"],
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

  it('reports one problem for an option without its value', () => {
    for (const option of ['--base', '--emerge-option', '--jobs', '--tag', '--tmpfs'])
      expect(messages(parseBuildCommand(['a/b', `${option}=`], {}))).toEqual([
        `failed to read the command line: ${option} needs a value: ${option}=VALUE`,
      ]);
  });

  it('suggests no option for a very short or a very long one', () => {
    const isHelped = (option: string) =>
      messages(parseBuildCommand(['a/b', option], {}))
        .join()
        .includes('did you mean');
    expect(['--b', '--ba', `--base${'x'.repeat(37)}`].filter(isHelped)).toEqual([]);
    expect(['--bas', `--base${'x'.repeat(36)}=y`].filter(isHelped)).toHaveLength(2);
  });

  it.each([
    [['--emerge', 'a/b'], 'run gentoo-builder --help to list the options'],
    [['--', '--pretend'], 'pass an option for emerge as --emerge-option=OPTION'],
    [['x;-'], 'name an atom such as net-misc/curl or =app-misc/hello-2.10, or a set such as @world'],
    [['../x'], 'name an atom such as net-misc/curl or =app-misc/hello-2.10, or a set such as @world'],
  ])('refuses %j with a hint', (argv, hint) => {
    const command = parseBuildCommand(argv, {});
    const failures =
      command.type === 'build' ? command.request.invalidPackages : 'failures' in command ? command.failures : [];
    expect(failures.map((failure) => failure.hint)).toEqual([hint]);
  });

  it('answers --help and --version, whatever else there is', () => {
    expect(parseBuildCommand(['--help', '--nope'], {})).toEqual({ type: 'help' });
    expect(parseBuildCommand(['a/b', '--version'], {})).toEqual({ type: 'version' });
  });

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
