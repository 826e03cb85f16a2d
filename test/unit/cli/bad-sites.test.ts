import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseZentooCommand } from '../../../src/cli/zentoo/parse-zentoo-command.ts';
import { failuresOf } from '../../../src/failure.ts';
import { edit, hooks, portage } from '../site/site-changes.ts';
import { git, temporaryDirectory } from '../site/git-program.ts';
import { temporarySite } from '../site/sites.ts';

/** A server in the place of an engine, which counts its connections in `asked`. */
let server: Server;
let asked = 0;
let socket: ReturnType<typeof temporaryDirectory>;

beforeAll(async () => {
  socket = temporaryDirectory();
  server = createServer((_, response) => void response.writeHead(500).end());
  server.on('connection', () => (asked += 1));
  await new Promise<void>((resolve) => server.listen(join(socket.path, 'engine'), resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  socket[Symbol.dispose]();
});

/** The result of a command for a site: its failures, and the number of its requests to the engine. */
async function run(...argv: string[]): Promise<{ statuses: readonly number[]; text: string; asked: number }> {
  asked = 0;
  const invocation = parseZentooCommand(argv, {});
  if (invocation.type !== 'work') throw new Error(`no work: ${invocation.type}`);
  const ending = invocation.work({
    program: { name: 'zentoo', version: '0' },
    report: () => Promise.resolve(),
    environment: { DOCKER_HOST: `unix://${join(socket.path, 'engine')}` },
    signal: new AbortController().signal,
    openTerminal: () => Promise.reject(new Error('a terminal was opened')),
  });
  const error: unknown = await ending.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  const failures = failuresOf(error);
  if (failures.length === 0) throw error;
  return {
    statuses: [...new Set(failures.map(({ exitStatus }) => exitStatus))],
    text: failures.map(({ message }) => message).join('\n'),
    asked,
  };
}

const commands = ['plan', 'build', 'sync', 'freshroot', 'list'] as const;
const line = (text: string) => (site: string) => edit(site, 'config/tuples', 'x86-64-base-plain-tools', text);
const branch = (name: string) => (site: string) => edit(site, 'site.yaml', 'portage: musl', `portage: ${name}`);
const bomb = Array.from({ length: 9 }, (_, n) => `  k${n}: &a${n} [${n === 0 ? '1' : `*a${n - 1}, `.repeat(9)}]\n`);

const faults: readonly (readonly [string, (site: string) => void, string])[] = [
  [
    'an unknown branch',
    line('x86-64-bsae-plain-tools'),
    "2:8: there is no portage branch 'bsae'; did you mean 'base'?",
  ],
  ['an unknown hook', line('x86-64-base-plian-tools'), "there is no buildhooks branch 'plian'; did you mean 'plain'?"],
  ['an unknown set', line('x86-64-base-plain-tolls'), "there is no package set 'tolls'; did you mean 'tools'?"],
  ['an unknown cpu', line('x86-63-base-plain-tools'), "2:1: there is no cpu 'x86-63'; did you mean 'x86-64'?"],
  [
    'a stage for a branch that is not there',
    (site) => edit(site, 'site.yaml', 'optimize: none', 'branches: [bsae]'),
    "'bsae'",
  ],
  [
    'a tuple with two readings',
    (site) => {
      git(hooks(site), 'branch', 'base-plain');
      git(portage(site), 'branch', 'base-base', 'base');
      line('x86-64-base-base-plain-tools')(site);
    },
    'can be read in 2 ways',
  ],
  ['an error of YAML', (site) => edit(site, 'site.yaml', 'cpus:', 'cpus: ['), 'site.yaml:18:'],
  ['a key twice', (site) => edit(site, 'site.yaml', 'cpus:', 'name: x\ncpus:'), 'Map keys must be unique'],
  ['a wrong type', (site) => edit(site, 'site.yaml', 'outputs: [image]', 'outputs: 7'), 'outputs must be a list'],
  [
    'an anchor without end',
    (site) => edit(site, 'site.yaml', /^stages:/m, `volumes:\n${bomb.join('')}stages:`),
    'expands to more than',
  ],
  [
    'an anchor in itself',
    (site) => edit(site, 'site.yaml', /^stages:/m, 'volumes: &a [*a]\nstages:'),
    'contains itself',
  ],
  ['a branch with ..', branch('../../etc'), "there is no portage branch '../../etc'"],
  ['a branch with a space', branch('a b'), "there is no portage branch 'a b'"],
  ['a branch with a leading hyphen', branch('-musl'), "there is no portage branch '-musl'"],
  [
    'a branch of the repository with a leading hyphen',
    (site) => git(portage(site), 'update-ref', 'refs/heads/-musl', 'musl'),
    "the name of the branch '-musl' begins with a hyphen",
  ],
  [
    'no repository',
    (site) => rmSync(join(portage(site), '.git'), { recursive: true }),
    'config/portage:1:1: it is not a git repository',
  ],
  [
    'a repository without a commit',
    (site) => {
      rmSync(join(portage(site), '.git'), { recursive: true });
      git(portage(site), 'init', '--quiet');
    },
    'config/portage:1:1: it has no commit',
  ],
  [
    'an invalid atom',
    (site) => writeFileSync(join(site, 'config/sets/tools'), 'app-misc/greet\n=foo/bar\n'),
    "config/portage/sets/tools:2:1: '=foo/bar' is no atom",
  ],
  ["a set of Portage's own", (site) => writeFileSync(join(site, 'config/sets/world'), 'a/b\n'), 'sets/world:1:1: '],
  [
    'no site',
    (site) => {
      rmSync(site, { recursive: true });
      mkdirSync(site);
    },
    'it has no site.yaml',
  ],
];

describe('a site with', () => {
  it.each(faults)('%s ends every command with 3, and the engine is not asked', async (_what, change, message) => {
    using site = temporarySite();
    change(site.path);
    for (const command of commands)
      expect([command, await run('--site', site.path, command)]).toEqual([
        command,
        { statuses: [3], text: expect.stringContaining(message) as string, asked: 0 },
      ]);
  });
});

describe('a command', () => {
  it('does not ask the engine for a site that does not exist', async () => {
    for (const command of commands)
      expect(await run('--site', '/nonexistent/site', command)).toEqual({
        statuses: [3],
        text: 'failed to read the site /nonexistent/site: there is no such directory',
        asked: 0,
      });
  });

  it.each([
    [['plan', 'x86-64-bsae-plain-tools'], "did you mean 'x86-64-base-plain-tools'?"],
    [['build', 'x86-64-base-plain-tools', 'none'], 'failed to find the tuple'],
    [['freshroot', 'minstage'], "there is no tuple or stage 'minstage'; did you mean 'ministage'?"],
    [['freshroot', 'ministage', '--cpu', 'x86-63'], "there is no cpu 'x86-63'; did you mean 'x86-64'?"],
  ])('does not ask the engine for the arguments %j, and ends with 2', async (args, message) => {
    using site = temporarySite();
    expect(await run('--site', site.path, ...args)).toEqual({
      statuses: [2],
      text: expect.stringContaining(message) as string,
      asked: 0,
    });
  });

  it('asks the engine if nothing is wrong', async () => {
    using site = temporarySite();
    expect(await run('--site', site.path, 'plan')).toMatchObject({ statuses: [10], asked: 2 });
  });
});
