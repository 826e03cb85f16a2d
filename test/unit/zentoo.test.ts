import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { mkdir, mkdtemp, rm, rmdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as parser from '../../src/cli/zentoo/parse-zentoo-command.ts';
import type { ZentooWork } from '../../src/cli/zentoo/zentoo-command.ts';
import { runZentoo } from '../../src/run-zentoo.ts';
import type { CommandOutcome } from '../support/run-program.ts';
import { ProgramWorld, runInWorld } from './program-world.ts';
import { git } from './site/git-program.ts';

/** Runs zentoo inside the test, as if `cwd` were the current directory; a worker thread could not change to it. */
function zentoo(
  args: readonly string[],
  { cwd = process.cwd(), env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandOutcome> {
  const current = vi.spyOn(process, 'cwd').mockImplementation(() => {
    if (existsSync(cwd)) return cwd;
    throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT', syscall: 'uv_cwd' });
  });
  return runInWorld(runZentoo, args, new ProgramWorld(env)).finally(() => current.mockRestore());
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
  it('makes a site and lists its tuples, by option, by variable and by current directory', () =>
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
        /^warning: failed to read the state of the site's outputs: failed to reach the Docker engine at \/nowhere: .+\n {2}hint: .+\n$/,
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
    }));

  it('names uncommitted work on standard error', () =>
    inTemporaryDirectory(async (directory) => {
      await zentoo(['init', directory]);
      await writeFile(join(directory, 'config/portage/make.conf'), 'changed');
      const { status, stderr } = await zentoo(['--site', directory, 'list']);
      expect(status).toBe(0);
      expect(stderr).toContain('there is uncommitted work in config/portage (base), which is not built: make.conf\n');
      const path = join(directory, 'config/portage');
      expect(stderr).toContain(`hint: git -C ${path} add --all && git -C ${path} commit\n`);
    }));

  it('names the file of a working tree that cannot be read', () =>
    inTemporaryDirectory(async (directory) => {
      await zentoo(['init', directory]);
      await writeFile(join(directory, 'config/portage/.gitignore'), '');
      await truncate(join(directory, 'config/portage/.gitignore'), 3 * 1024 ** 3);
      const { status, stderr } = await zentoo(['--site', directory, 'list']);
      expect(status).toBe(0);
      expect(stderr).toContain('config/portage: .gitignore cannot be read, and may have uncommitted work\n');
    }));

  it('names the branches that origin has at another commit', () =>
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

  it('ends with 3 and shows every diagnostic, as text and as JSON', () =>
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

  it('refuses a wrong command line with 2, as text and as JSON', async () => {
    const message = 'failed to read the command line: list takes no arguments: it lists all tuples';
    const hint = 'run zentoo list --help';
    const text = await zentoo(['list', 'x']);
    expect(text).toEqual({ status: 2, stdout: '', stderr: `zentoo: ${message}\n  hint: ${hint}\n` });
    const json = await zentoo(['list', 'x', '--json']);
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout)).toEqual({ failures: [{ code: 'usage', exitStatus: 2, message, hint }] });
  });

  it('ends with 2 if the directory of a new site is not empty', () =>
    inTemporaryDirectory(async (directory) => {
      await writeFile(join(directory, 'file'), '');
      const { status, stderr } = await zentoo(['init', directory]);
      expect(status).toBe(2);
      expect(stderr).toMatch(
        /^zentoo: failed to make a site in .*: it is not empty \(there is file\)\n {2}hint: name a directory/,
      );
    }));

  it.each<readonly [string, (cwd: string) => Promise<void>, readonly string[], number, string]>([
    [
      'a loop of links',
      (cwd) => symlink('l', join(cwd, 'l')),
      ['list', '--site', 'l'],
      3,
      'its symbolic links form a loop',
    ],
    [
      'a file instead of a directory',
      (cwd) => writeFile(join(cwd, 'site.yaml'), 'x'),
      ['list', '--site', 'site.yaml'],
      3,
      'failed to read the site site.yaml: it is a file: name its directory',
    ],
    [
      'a name that is too long',
      async () => {},
      ['list', '--site', 'x'.repeat(5000)],
      3,
      `the site ${'x'.repeat(300)}...: its name is too long`,
    ],
    ['a removed current directory', rmdir, ['list'], 3, 'the site .: the current directory no longer exists'],
    [
      'a new site in a removed current directory',
      rmdir,
      ['init', 'x'],
      2,
      'failed to make a site in x: the current directory no longer exists',
    ],
    [
      'a site.yaml of 3 GiB',
      async (cwd) => {
        await writeFile(join(cwd, 'site.yaml'), '');
        await truncate(join(cwd, 'site.yaml'), 3 * 1024 ** 3);
      },
      ['list'],
      3,
      'site.yaml:1:1: it has 3221225472 bytes, and at most 1048576 are read',
    ],
  ])('reports %s as a failure, not as a defect', (_what, prepare, args, expected, message) =>
    inTemporaryDirectory(async (directory) => {
      const cwd = join(directory, 'here');
      await mkdir(cwd);
      await prepare(cwd);
      const { status, stderr } = await zentoo(args, { cwd });
      expect([status, stderr]).toEqual([expected, expect.stringContaining(message)]);
    }),
  );

  it('reports a refusal of the engine as a failure, not as a defect', () =>
    inTemporaryDirectory(async (directory) => {
      const site = join(directory, 'net');
      await zentoo(['init', site]);
      const server = createServer(({ url = '' }, response) => {
        const answer = (status: number, body: unknown): void => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        };
        if (/\/(?:version|info|_ping)$/.test(url))
          return answer(200, { Version: '26.1', ApiVersion: '1.45', MinAPIVersion: '1.24' });
        if (/\/volumes\/[^?]/.test(url)) return answer(404, { message: 'no such volume' });
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

  it('ends with 3 if there is no site', async () => {
    const { status, stderr } = await zentoo(['list', '--site', '/nowhere/at/all']);
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /^zentoo: failed to read the site \/nowhere\/at\/all: there is no such directory\n {2}hint: choose a site with --site DIR/,
    );
  });

  it.each([
    [['--help'], /^usage: zentoo \[options\] COMMAND/],
    [['list', '--help'], /^usage: zentoo \[options\] list\n/],
    [['init', '--help'], /^usage: zentoo \[options\] init DIR\n/],
    [['--version'], /^zentoo \d+\.\d+\.\d+\n$/],
  ])('answers %j', async (args, output) => {
    expect(await zentoo(args)).toEqual({ status: 0, stdout: expect.stringMatching(output) as string, stderr: '' });
  });

  it('opens the terminal of its own streams for freshroot, and aborts at a signal', async () => {
    const world = new ProgramWorld();
    const work = vi.fn<ZentooWork>(async ({ openTerminal, signal }) => {
      expect((await openTerminal()).output).toBe(world.stdout);
      world.emit('SIGINT');
      expect(signal.reason).toMatchObject({
        code: 'interrupted',
        message: expect.stringMatching(/compiled packages stay/),
      });
      throw signal.reason;
    });
    vi.spyOn(parser, 'parseZentooCommand').mockReturnValueOnce({
      ...{ type: 'work', work },
      presentation: { json: false, logFormat: 'text', progress: 'plain' },
    });
    expect(await runInWorld(runZentoo, ['freshroot'], world)).toMatchObject({ status: 130, stdout: '' });
  });
});
