import { createServer } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from './site/git-program.ts';
import { exitStatuses } from '../../src/failure.ts';
import { runProgram, type CommandOutcome } from '../support/run-program.ts';

const root = join(import.meta.dirname, '../..');

function zentoo(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandOutcome> {
  const env = { ...process.env, ZENTOO_SITE: '', DOCKER_HOST: 'unix:///nowhere', ...options.env };
  return runProgram(process.execPath, [join(root, 'src/zentoo.ts'), ...args], { ...options, env });
}

async function inTemporaryDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-zentoo-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('zentoo', () => {
  it(
    'makes a site and lists its tuples, wherever it is named',
    () =>
      inTemporaryDirectory(async (directory) => {
        const site = join(directory, 'home');
        expect(await zentoo(['init', 'home'], { cwd: directory })).toEqual({
          status: 0,
          stdout: `${site}\n`,
          stderr: '',
        });
        const table = await zentoo(['list', '--site', site]);
        expect(table.status).toBe(0);
        expect(table.stderr).toMatch(
          /^warning: what is built is not shown: failed to reach the Docker engine at \/nowhere: .+\n {2}hint: .+\n$/,
        );
        expect(table.stdout.split('\n').map((line) => line.split(/\s{2,}/, 4).join(' '))).toEqual([
          'TUPLE STATE IMAGE ARCHIVE',
          'x86-64-base-plain-tools unknown unknown -',
          'x86-64-v2-base-plain-tools unknown unknown -',
          'x86-64-musl-musl-plain-tools unknown unknown none',
          '',
        ]);
        expect(await zentoo(['--site=home', 'list'], { cwd: directory })).toEqual(table);
        expect(await zentoo(['list'], { env: { ZENTOO_SITE: site } })).toEqual(table);
        expect(await zentoo(['list'], { cwd: site })).toEqual(table);

        const json = await zentoo(['list', '--json'], { cwd: site });
        expect(JSON.parse(json.stdout)).toMatchObject({
          site: 'home',
          uncommitted: [],
          tuples: [
            {
              name: 'x86-64-base-plain-tools',
              cpu: 'x86-64',
              upToDate: null,
              why: [],
              image: null,
              portage: { branch: 'base', commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
              buildhooks: { branch: 'plain', commit: expect.stringMatching(/^[0-9a-f]{40}$/) },
              packages: 'tools',
              stage: 'ministage',
              cross: false,
              outputs: ['image'],
            },
            {},
            { cross: true, archive: null, outputs: ['image', 'archive'] },
          ],
        });
      }),
    30_000,
  );

  it('says what is not committed, on standard error', () =>
    inTemporaryDirectory(async (directory) => {
      await zentoo(['init', directory]);
      await writeFile(join(directory, 'config/portage/make.conf'), 'changed');
      const { status, stderr } = await zentoo(['--site', directory, 'list']);
      expect(status).toBe(0);
      expect(stderr).toContain('there is uncommitted work in config/portage (base), which is not built: make.conf\n');
      const path = join(directory, 'config/portage');
      expect(stderr).toContain(`hint: git -C ${path} add --all && git -C ${path} commit\n`);
    }));

  it('says what of a working tree it could not look at', () =>
    inTemporaryDirectory(async (directory) => {
      await zentoo(['init', directory]);
      await writeFile(join(directory, 'config/portage/.gitignore'), '');
      await truncate(join(directory, 'config/portage/.gitignore'), 3 * 1024 ** 3);
      const { status, stderr } = await zentoo(['--site', directory, 'list']);
      expect(status).toBe(0);
      expect(stderr).toContain(
        'config/portage: whether there is uncommitted work in .gitignore is not known: it cannot be read\n',
      );
    }));

  it('says which branches are not where origin has them', () =>
    inTemporaryDirectory(async (directory) => {
      await zentoo(['init', 'my site'], { cwd: directory });
      const repository = join(directory, 'my site/config/portage');
      const [base, musl] = ['base', 'musl'].map((name) => git(repository, 'rev-parse', name).trim());
      git(repository, 'update-ref', 'refs/remotes/origin/base', 'musl');
      git(repository, 'checkout', '--quiet', '--detach');
      const { status, stderr } = await zentoo(['list', '--site', 'my site'], { cwd: directory });
      expect(status).toBe(0);
      expect(stderr).toContain(
        `config/portage: base is at ${base?.slice(0, 10)} and origin/base at ${musl?.slice(0, 10)}, which is not built\n` +
          "  hint: git -C 'my site/config/portage' branch --force base origin/base\n",
      );
    }));

  it('ends with 3 and every diagnostic, as text and as JSON', () =>
    inTemporaryDirectory(async (directory) => {
      await zentoo(['init', directory]);
      await writeFile(join(directory, 'site.yaml'), 'nmae: x\n');
      const messages = [
        'site.yaml:1:1: site.yaml has no name, no cpus, no stages',
        "site.yaml:1:1: there is no key 'nmae' in site.yaml; did you mean 'name'?",
      ];
      const text = await zentoo(['list'], { cwd: directory });
      expect(text).toMatchObject({ status: 3, stdout: '' });
      expect(text.stderr.trimEnd().split('\n').toSorted()).toEqual(messages);
      const json = await zentoo(['list', '--json'], { cwd: directory });
      expect(json.status).toBe(3);
      const { failures } = JSON.parse(json.stdout) as { failures: { message: string }[] };
      expect(failures.map(({ message }) => message).toSorted()).toEqual(messages);
      expect(failures[0]).toMatchObject({ code: 'site-invalid', exitStatus: 3, file: 'site.yaml', line: 1, column: 1 });
    }));

  it.each<readonly [readonly string[], string]>([
    [[], 'no command is named: there are init, sync, plan, build, freshroot, distcc, list'],
    [['lsit'], "there is no command 'lsit': there are init, sync, plan, build, freshroot, distcc, list"],
    [['list', 'x'], 'list takes no arguments: it lists all tuples'],
    [['init'], 'no directory is named: zentoo init DIR'],
    [['init', 'a', 'b'], 'init makes one site, and 2 directories are named'],
    [['list', '--sit', 'x'], "there is no option '--sit'; did you mean --site?"],
    [['list', '--site'], '--site needs a value: --site=VALUE'],
    [['plan', '--graph=svg'], '--graph=svg is not one of dot, mermaid'],
    [['plan', '--graph'], '--graph needs a value: --graph=VALUE'],
    [['freshroot', 'a', 'b', '--', 'c'], 'freshroot opens one root, and 2 are named; a command stands after --'],
    [['freshroot', 'a', '--'], 'there is no command after --'],
    [['freshroot', '--keep', 'A'], "--keep='A' is not a name for an image"],
    [
      ['freshroot', '--keep', `x@sha256:${'0'.repeat(64)}`],
      `--keep='x@sha256:${'0'.repeat(51)}...' (73 characters) is not a name for an image`,
    ],
    [['distcc'], 'distcc needs to know what to do: up, status, down'],
    [['distcc', 'upp'], "distcc knows no 'upp': there are up, status, down"],
    [['distcc', 'up', '--count=0'], "--count='0' is not a number from 1 to 1024"],
    [['distcc', 'up', '--count', 'two'], "--count='two' is not a number from 1 to 1024"],
    [['distcc', 'down', '--count=2'], '--count is for distcc up'],
    [['distcc', 'status', 'a-tuple'], 'distcc status is for all workers of the site, and takes no tuples'],
    [['list', '--log-format=xml'], "--log-format='xml' is not one of text, json"],
  ])('refuses %j with 2', async (args, message) => {
    const { status, stdout, stderr } = await zentoo(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`zentoo: failed to read the command line: ${message}\n`);
  });

  it('has no JSON of a shell, and reads no options after --', async () => {
    const { status, stdout } = await zentoo(['freshroot', '--json', '--', 'x', '--no-such-option']);
    expect(status).toBe(2);
    const { failures } = JSON.parse(stdout) as { failures: object[] };
    expect(failures).toMatchObject([{ message: expect.stringContaining('freshroot has no --json') as string }]);
  });

  it('ends with 2 where a new site would be in the way of something', () =>
    inTemporaryDirectory(async (directory) => {
      await writeFile(join(directory, 'file'), '');
      const { status, stderr } = await zentoo(['init', directory]);
      expect(status).toBe(2);
      expect(stderr).toMatch(
        /^zentoo: failed to make a site in .*: it is not empty \(there is file\)\n {2}hint: name a directory/,
      );
    }));

  it.each<readonly [string, readonly string[], number, string]>([
    ['ln -s l l', ['list', '--site', 'l'], 3, 'failed to read the site l: its symbolic links go round in circles'],
    ['echo x >site.yaml', ['list', '--site', 'site.yaml'], 3, 'the site site.yaml: it is a file: name its directory'],
    [':', ['list', '--site', 'x'.repeat(5000)], 3, `the site ${'x'.repeat(300)}...: its name is too long`],
    ['rmdir "$PWD"', ['list'], 3, 'failed to read the site .: the current directory is not there any more'],
    ['rmdir "$PWD"', ['init', 'x'], 2, 'failed to make a site in x: the current directory is not there any more'],
    ['truncate -s 3G site.yaml', ['list'], 3, 'site.yaml:1:1: it has 3221225472 bytes, and at most 1048576 are read'],
  ])('%s: %j is no defect', (before, args, expected, message) =>
    inTemporaryDirectory(async (directory) => {
      const cwd = join(directory, 'here');
      await mkdir(cwd);
      const script = `${before} && exec "$0" "$@"`;
      const command = [process.execPath, join(root, 'src/zentoo.ts'), ...args];
      const env = { ...process.env, ZENTOO_SITE: '' };
      const { status, stderr } = await runProgram('sh', ['-c', script, ...command], { cwd, env });
      expect([status, stderr]).toEqual([expected, expect.stringContaining(message)]);
    }),
  );

  it('tells a refusal of the engine from a defect of its own, wherever it comes', () =>
    inTemporaryDirectory(async (directory) => {
      const site = join(directory, 'net');
      await zentoo(['init', site]);
      const volume = { Name: 'x', Driver: 'local', Mountpoint: '/x', Scope: 'local' };
      const Labels = { 'gentoo-builder.volume': 'state', 'zentoo.directory': site };
      const server = createServer(({ url = '' }, response) => {
        const answer = (status: number, body: unknown): void => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        };
        if (/\/(?:version|info|_ping)$/.test(url))
          return answer(200, { Version: '26.1', ApiVersion: '1.45', MinAPIVersion: '1.24' });
        if (/\/volumes\/[^?]/.test(url)) return answer(200, { ...volume, Labels });
        if (url.includes('/volumes')) return answer(200, { Volumes: [] });
        if (/\/(?:containers|images)\/json/.test(url)) return answer(200, []);
        if (/gentoo-ministage|\/containers\//.test(url)) return answer(404, { message: 'no such image' });
        return answer(500, { message: 'the disk is on fire' });
      });
      const socket = join(directory, 'engine.sock');
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      const { status, stderr } = await zentoo(['list', '--site', site], { env: { DOCKER_HOST: `unix://${socket}` } });
      await new Promise((resolve) => server.close(resolve));
      expect([status, stderr]).toEqual([19, expect.stringContaining('the engine says: the disk is on fire')]);
    }));

  it('lists all exit statuses in its help, those of a command in that of the command', async () => {
    const statusesIn = async (...args: string[]): Promise<readonly number[]> => {
      const { stdout } = await zentoo([...args, '--help']);
      const block = stdout.slice(stdout.indexOf('\nexit statuses\n')).split('\n\n')[0] ?? '';
      const ranges =
        block.match(/(?<=^ {2}(?:\d+, )?)\d+(?:-\d+)?/gm)?.map((range) => range.split('-').map(Number)) ?? [];
      const all = [0, 1, ...new Set<number>(Object.values(exitStatuses))];
      const listed = ranges.map(([from = -1, to = from]) => all.filter((one) => one >= from && one <= to));
      expect(listed.filter((some) => some.length === 0)).toEqual([]);
      return listed.flat();
    };
    const known = [0, 1, ...new Set(Object.values(exitStatuses))];
    expect((await statusesIn()).toSorted((a, b) => a - b)).toEqual(known.toSorted((a, b) => a - b));
    expect(await statusesIn('init')).toEqual([0, 1, 2, 130, 143]);
    expect(await statusesIn('build')).toEqual(expect.arrayContaining([3, 20, 31, 43, 52]));
    expect(await statusesIn('sync')).not.toContain(43);
    expect(await statusesIn('list')).not.toContain(30);
  });

  it('ends with 3 where there is no site', async () => {
    const { status, stderr } = await zentoo(['list', '--site', '/nowhere/at/all']);
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /^zentoo: failed to read the site \/nowhere\/at\/all: there is no such directory\n {2}hint: zentoo init DIR/,
    );
  });

  it.each([
    [['--help'], /^usage: zentoo \[options\] COMMAND/],
    [['list', '--help'], /^usage: zentoo \[options\] list\n/],
    [['init', '--help'], /^usage: zentoo \[options\] init DIR\n/],
    [['--version'], /^zentoo \d+\.\d+\.\d+\n$/],
  ])('answers %j without loading YAML, git or an engine client', (args, output) =>
    inTemporaryDirectory(async (directory) => {
      const { status, stdout } = await zentoo(args, { env: { NODE_V8_COVERAGE: directory } });
      expect(status).toBe(0);
      expect(stdout).toMatch(output);
      const [file = ''] = await readdir(directory);
      const coverage = JSON.parse(await readFile(join(directory, file), 'utf8')) as { result: { url: string }[] };
      const scripts = coverage.result.map(({ url }) => url);
      expect(scripts.some((url) => url.endsWith('/src/zentoo.ts'))).toBe(true);
      expect(scripts.filter((url) => /yaml|dockerode|pino|\/src\/(?:site|build|engine)\//.test(url))).toEqual([]);
    }),
  );
});
