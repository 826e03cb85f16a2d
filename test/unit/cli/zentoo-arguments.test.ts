import { describe, expect, it } from 'vitest';
import { parseZentooCommand } from '../../../src/cli/zentoo/parse-zentoo-command.ts';
import { exitStatuses } from '../../../src/failure.ts';

function problemsOf(...argv: string[]): readonly string[] {
  const invocation = parseZentooCommand(argv, {});
  return invocation.type === 'usage' ? invocation.failures.map(({ message }) => message) : [];
}

describe('the command line of zentoo', () => {
  const commands = 'init, adopt, sync, plan, build, freshroot, distcc, swarm, node-proxy, list';

  it.each<readonly [readonly string[], string]>([
    [[], `there is no command: the commands are ${commands}`],
    [['lsit'], `unknown command 'lsit': the commands are ${commands}`],
    [['list', 'x'], 'list takes no arguments: it lists all tuples'],
    [['sync', 'x'], 'sync takes no arguments: it syncs all repositories'],
    [['init'], 'init needs a directory: zentoo init DIR'],
    [['init', 'a', 'b'], 'init creates one site, not 2'],
    [['init', '--new-id', 'a', 'b'], 'init --new-id changes one site, not 2'],
    [['adopt', 'x'], 'adopt takes no arguments: --site DIR chooses the site'],
    [['list', '--sit', 'x'], "unknown option '--sit'; did you mean --site?"],
    [['list', '--site'], '--site needs a value: --site=VALUE'],
    [['list', '--site=a', '--site=b'], '--site is given 2 times'],
    [['plan', '--graph=svg'], "--graph='svg' is not one of dot, mermaid"],
    [['plan', '--graph'], '--graph needs a value: --graph=VALUE'],
    [['build', '--jobs='], '--jobs needs a value: --jobs=VALUE'],
    [['build', '--output='], '--output needs a value: --output=VALUE'],
    [['build', '--output-dir='], '--output-dir needs a value: --output-dir=VALUE'],
    [['distcc', 'up', '--count='], '--count needs a value: --count=VALUE'],
    [['freshroot', '--keep='], '--keep needs a value: --keep=VALUE'],
    [['list', '--progress='], '--progress needs a value: --progress=VALUE'],
    [['build', '--jobs=0'], "--jobs='0' is not a number from 1 to 999"],
    [
      ['build', '--engine=http://big'],
      "--engine='http://big' is not unix:///PATH, tcp://HOST:PORT, ssh://USER@HOST or the name of a docker context",
    ],
    [['build', '--jobs=1000'], "--jobs='1000' is not a number from 1 to 999"],
    [['build', '--jobs=x1'], "--jobs='x1' is not a number from 1 to 999"],
    [['build', '--retry='], '--retry needs a value: --retry=VALUE'],
    [['build', '--retr'], "unknown option '--retr'; did you mean --retry?"],
    [['build', '--retry=greet'], "--retry='greet' is not an atom like app-misc/greet or =app-misc/greet-1.0"],
    [
      ['build', '--retry', 'app-misc/greet-1.0'],
      "--retry='app-misc/greet-1.0' is not an atom like app-misc/greet or =app-misc/greet-1.0",
    ],
    [
      ['build', '--retry', '>=app-misc/greet-1'],
      "--retry='>=app-misc/greet-1' is not an atom like app-misc/greet or =app-misc/greet-1.0",
    ],
    [['list', '--retry'], "unknown option '--retry'"],
    [['plan', '--retry=greet'], "--retry='greet' is not an atom like app-misc/greet or =app-misc/greet-1.0"],
    [['build', '--output=archive,'], "--output='archive,' is not one or more of image,archive"],
    [['build', '--output', 'image,disk'], "--output='image,disk' is not one or more of image,archive"],
    [['freshroot', 'a', 'b', '--', 'c'], 'freshroot opens one root, not 2: put a command after --'],
    [['freshroot', 'a', '--'], 'there is no command after --'],
    [
      ['freshroot', '--json', '--', 'x', '--no-such-option'],
      'freshroot has no --json: standard output belongs to the shell',
    ],
    [['freshroot', '--keep', 'A'], "--keep='A' is not a name for a new image"],
    [
      ['freshroot', '--keep', `x@sha256:${'0'.repeat(64)}`],
      `--keep='x@sha256:${'0'.repeat(51)}...' (73 characters) is not a name for a new image`,
    ],
    [['swarm'], 'swarm needs an action: status, down'],
    [['swarm', 'up'], "unknown action 'up' of swarm: the actions are status, down"],
    [['swarm', 'status', '--dry-run'], '--dry-run is an option of swarm down'],
    [['swarm', 'down', 'a-tuple'], 'swarm down takes no further arguments'],
    [['node-proxy', 'x'], 'node-proxy takes no arguments'],
    [['node-proxy', '--idle=soon'], "--idle='soon' is not a time such as 90s or 10m"],
    [['distcc'], 'distcc needs an action: up, status, down'],
    [['distcc', 'upp'], "unknown action 'upp' of distcc: the actions are up, status, down"],
    [['distcc', 'up', '--count=1025'], "--count='1025' is not a number from 1 to 1024"],
    [['distcc', 'up', '--count=x1'], "--count='x1' is not a number from 1 to 1024"],
    [['distcc', 'up', '--count=0'], "--count='0' is not a number from 1 to 1024"],
    [['distcc', 'up', '--count', 'two'], "--count='two' is not a number from 1 to 1024"],
    [['distcc', 'down', '--count=2'], '--count is an option of distcc up'],
    [['distcc', 'down', 'a-tuple'], 'distcc down takes no tuples: it applies to all workers of the site'],
    [['distcc', 'status', 'a-tuple'], 'distcc status takes no tuples: it applies to all workers of the site'],
    [['list', '--log-format=xml'], "--log-format='xml' is not one of text, json"],
  ])('is refused for %j', (argv, problem) => {
    expect(problemsOf(...argv)).toEqual([`failed to read the command line: ${problem}`]);
  });

  it('gets every problem in one answer, with a hint for the command', () => {
    const invocation = parseZentooCommand(['build', '--jobs=x', '--progress=fast'], {});
    expect(invocation).toMatchObject({
      type: 'usage',
      failures: [
        { message: expect.stringContaining('--progress') as string, hint: 'run zentoo build --help' },
        { message: expect.stringContaining('--jobs') as string, hint: 'run zentoo build --help' },
      ],
    });
    expect(parseZentooCommand(['lsit'], {})).toMatchObject({ failures: [{ hint: 'run zentoo --help' }] });
  });

  it('has its command after the value of an option, too', () => {
    const invocation = parseZentooCommand(['--jobs', '3', '--graph', 'dot', 'build'], {});
    expect(invocation).toMatchObject({
      type: 'usage',
      failures: [{ message: "failed to read the command line: unknown option '--graph'" }],
    });
  });

  it.each<readonly [readonly string[], object]>([
    [[], { json: false, logFormat: 'text', progress: 'auto' }],
    [['--json', '--log-format=json', '--progress=plain'], { json: true, logFormat: 'json', progress: 'plain' }],
    [['--progress=live'], { json: false, logFormat: 'text', progress: 'live' }],
  ])('chooses the form of the output with %j', (options, presentation) => {
    expect(parseZentooCommand(['list', ...options], {})).toMatchObject({ type: 'work', presentation });
    expect(parseZentooCommand(['list', 'x', ...options], {})).toMatchObject({ type: 'usage', presentation });
  });

  it.each(['1', '999'])('takes --jobs=%s', (jobs) => {
    expect(problemsOf('build', `--jobs=${jobs}`)).toEqual([]);
  });

  it.each(['1', '1024'])('takes --count=%s', (count) => {
    expect(problemsOf('distcc', 'up', `--count=${count}`)).toEqual([]);
  });
});

describe('the help of zentoo', () => {
  const known = [0, 1, ...new Set<number>(Object.values(exitStatuses))];

  function helpOf(...argv: string[]): string {
    const invocation = parseZentooCommand([...argv, '--help'], {});
    return invocation.type === 'help' ? invocation.text : '';
  }

  function statusesIn(...argv: string[]): readonly number[] {
    const help = helpOf(...argv);
    const block = help.slice(help.indexOf('\nexit statuses\n')).split('\n\n')[0] ?? '';
    const ranges = block.match(/(?<=^ {2})\d+(?:-\d+)?/gm)?.map((range) => range.split('-').map(Number)) ?? [];
    const listed = ranges.map(([from = -1, to = from]) => known.filter((one) => one >= from && one <= to));
    expect(listed.filter((some) => some.length === 0)).toEqual([]);
    return listed.flat();
  }

  it('lists all exit statuses', () => {
    expect(statusesIn().toSorted((a, b) => a - b)).toEqual(known.toSorted((a, b) => a - b));
  });

  it.each([
    ['init', ['3', '10-19']],
    ['adopt', ['3', '10-19', '20-29']],
    ['sync', ['3', '10-19', '20-29', '30-39']],
    ['plan', ['3', '10-19', '20-29', '30-39', '40-49', '50-59']],
    ['build', ['3', '10-19', '20-29', '30-39', '40-49', '50-59', '60-69']],
    ['freshroot', ['3', '10-19', '20-29', '30-39', '40-49', '50-59']],
    ['distcc', ['3', '10-19', '20-29', '30-39', '40-49', '50-59']],
    ['swarm', ['3', '10-19', '20-29', '60-69']],
    ['node-proxy', ['10-19']],
    ['list', ['3', '10-19']],
  ])('of %s lists the exit statuses of that command, each with its meaning', (command, ranges) => {
    const [, block = ''] = helpOf(command).split('\nexit statuses\n');
    const rows = [...block.matchAll(/^ {2}(\d+(?:-\d+)?) {2,}(?=\S)/gm)].map(([, range]) => range);
    expect(rows).toEqual(['0', '1', '2', ...ranges, '130', '143']);
    expect(rows).toHaveLength(block.trim().split('\n').length);
  });

  it.each([
    ['init', ['--new-id']],
    ['adopt', ['--from']],
    ['sync', []],
    ['plan', ['--graph', '--retry']],
    ['build', ['--jobs', '--engine', '--swarm', '--output', '--output-dir', '--keep-failed', '--retry', '--force']],
    ['freshroot', ['--cpu', '--portage', '--buildhooks', '--keep', '--']],
    ['distcc', ['--count']],
    ['swarm', ['--dry-run']],
    ['node-proxy', ['--idle']],
    ['list', []],
  ])('of %s lists its own options and the common ones, each with a description', (command, options) => {
    const listed = (text: string) =>
      [...text.matchAll(/^ {2}(--[a-z-]*)(?=.* {2}\S|, --version)/gm)].map(([, name]) => name);
    const common = ['--site', '--json', '--log-format', '--progress', '--help'];
    expect(listed(helpOf(command))).toEqual([...options, ...common]);
    expect(listed(helpOf())).toEqual(common);
    for (const option of options.filter((name) => name !== '--'))
      expect(problemsOf(command, `${option}=`).join()).not.toContain('unknown option');
  });

  it.each([
    ['init', ['  DIR  ', 'nothing but .git and README']],
    ['plan', ['caches its answer', 'compiles nothing']],
    ['freshroot', ['  TUPLE  ', '  STAGE  ', "ends with the shell's exit status"]],
    ['distcc', ['  up [TUPLE...]  ', '  status  ', '  down  ', 'compiles the rest itself']],
    ['list', ['Without an engine']],
    ['', ['ZENTOO_SITE', 'docs/exit-statuses.md', 'Manages many Gentoo root file systems']],
  ])('of %s explains %j', (command, words) => {
    const help = helpOf(...(command === '' ? [] : [command]));
    for (const word of words) expect(help).toContain(word);
  });

  it.each([
    'init DIR',
    'adopt',
    'sync',
    'plan [TUPLE...]',
    'build [TUPLE...]',
    'freshroot [TUPLE|STAGE]',
    'distcc up|status|down',
    'swarm status|down',
    'node-proxy',
    'list',
  ])('of %s begins with a line of usage and a summary', (usage) => {
    const [command = ''] = usage.split(' ');
    const [line, empty, summary] = helpOf(command).split('\n');
    expect([line, empty, summary]).toEqual([
      `usage: zentoo [options] ${usage}`,
      '',
      expect.stringMatching(/^[A-Z].*\.$/),
    ]);
    expect(helpOf()).toContain(`\n  ${usage} `);
  });

  it('fits in 120 columns', () => {
    const texts = [
      helpOf(),
      ...['plan', 'build', 'freshroot', 'distcc', 'swarm', 'node-proxy', 'list', 'init', 'adopt'].map((name) =>
        helpOf(name),
      ),
    ];
    expect(texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 120)).toEqual([]);
  });

  it('asks for nothing else with --version', () => {
    expect(parseZentooCommand(['--version'], {})).toEqual({ type: 'version' });
  });
});
