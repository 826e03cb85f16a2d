import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  followCommand,
  holdCommand,
  jobCommand,
  mergeCommand,
  settingsCommand,
  silenceCommand,
  stampedCommand,
  syncUnderLock,
  underLock,
} from '../../../src/build/job-scripts.ts';
import { chooseMount } from '../../../src/build/mounts.ts';
import { readTreeStamp } from '../../../src/build/tree-stamp.ts';
import { createWorkspace } from '../../../src/build/workspace.ts';
import { baseName, BuildWorld } from './build-world.ts';

let directory: string;
const groups: number[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'job-scripts-'));
});
afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  rmSync(directory, { recursive: true });
});

/** Starts a script as an exec does: as a process group of its own. What it keeps in the work volume goes to `directory`. */
function start(command: readonly string[]): ChildProcessWithoutNullStreams {
  const [program = '', ...args] = command.map((word) => word.replace('/var/tmp/portage', directory));
  const shims = join(directory, 'shims');
  const child = spawn(program, args, {
    detached: true,
    env: { ...process.env, PATH: `${shims}:${process.env['PATH']}` },
  });
  if (child.pid !== undefined) groups.push(child.pid);
  child.stdin.on('error', () => undefined);
  return child;
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script to its end, with nothing on its standard input. */
async function run(command: readonly string[]): Promise<Outcome> {
  const child = start(command);
  child.stdin.end();
  return outcomeOf(child);
}

async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}

/** Puts a program of that name before all others. */
function shim(name: string, script: string): void {
  const path = join(directory, 'shims', name);
  mkdirSync(join(directory, 'shims'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** Settles when a stream has said something. */
async function said(child: ChildProcessWithoutNullStreams, stream: 'stdout' | 'stderr', what: string): Promise<string> {
  let heard = '';
  for await (const chunk of child[stream].iterator({ destroyOnReturn: false })) {
    heard += String(chunk);
    if (heard.includes(what)) return heard;
  }
  throw new Error(`${what} was not said, but ${heard}`);
}

const sh = (script: string, ...args: string[]): readonly string[] => ['/bin/sh', '-c', script, 'sh', ...args];

describe('a job and its follower', () => {
  const log = (): string => join(directory, 'logs', 'run', 'build.log');
  const job = (script: string): readonly string[] => jobCommand('emerge', log(), sh(script));

  /** Follows until the end is told, then lets go. */
  async function follow(offset: number): Promise<Outcome> {
    const child = start(followCommand('emerge', log(), offset, false));
    const outcome = outcomeOf(child);
    await once(child, 'exit');
    child.stdin.end();
    return outcome;
  }

  it('give what the command printed on both streams, and how it ended', async () => {
    const [, { stdout, stderr }] = await Promise.all([
      run(job('echo one; echo two >&2; printf three; exit 3')),
      follow(0),
    ]);
    expect(stdout).toBe('one\ntwo\nthree');
    expect(stderr).toBe('ended 3 13\n');
  });

  it('may begin in either order, and the follower long after the end', async () => {
    const early = follow(0);
    await run(job('echo one'));
    expect(await early).toMatchObject({ stdout: 'one\n', stderr: 'ended 0 4\n' });
    expect(await follow(0)).toMatchObject({ stdout: 'one\n', stderr: 'ended 0 4\n' });
  });

  it('go on at any byte', async () => {
    await run(job('echo one; echo two'));
    expect(await follow(5)).toMatchObject({ stdout: 'wo\n', stderr: 'ended 0 8\n' });
    expect(await follow(8)).toMatchObject({ stdout: '', stderr: 'ended 0 8\n' });
  });

  it('append to one log, one after the other', async () => {
    await run(jobCommand('sync', log(), sh('echo synced')));
    await run(job('echo emerged; exit 1'));
    expect(await follow('synced\n'.length)).toMatchObject({ stdout: 'emerged\n', stderr: 'ended 1 15\n' });
  });

  it('are started once, however often that is asked for', async () => {
    await run(job('echo one'));
    expect((await run(job('echo again'))).status).toBe(0);
    expect(readFileSync(log(), 'utf8')).toBe('one\n');
  });

  it('say that a job is lost that was killed before its status could be written down', async () => {
    const running = start(job('echo one; exec sleep 60'));
    const followed = follow(0);
    const child = start(followCommand('emerge', log(), 0, false));
    await said(child, 'stdout', 'one\n');
    process.kill(-(running.pid ?? 0), 'SIGKILL');
    expect(await followed).toMatchObject({ stdout: 'one\n', stderr: 'ended lost 4\n' });
  });

  it('give the command no standard input to wait for', async () => {
    await run(job('cat; echo end'));
    expect(await follow(0)).toMatchObject({ stdout: 'end\n' });
  });

  it('never take a word of the command for shell text', async () => {
    const hostile = '$(touch pwned); "\'`';
    await run(jobCommand('emerge', log(), ['printf', '%s', hostile]));
    expect(await follow(0)).toMatchObject({ stdout: hostile });
  });

  it('send keep-alive bytes back while there is nothing else to say', async () => {
    const running = start(job('echo one; exec sleep 60'));
    const child = start(followCommand('emerge', log(), 0, false));
    await said(child, 'stdout', 'one\n');
    child.stdin.write('\n');
    expect(await said(child, 'stderr', '\n')).toBe('\n');
    process.kill(-(running.pid ?? 0), 'SIGKILL');
  });

  it('part when the connection ends: the follower goes, the job stays', async () => {
    const running = start(job('echo one; exec sleep 60'));
    const child = start(followCommand('emerge', log(), 0, false));
    await said(child, 'stdout', 'one\n');
    child.stdin.end();
    await once(child, 'exit');
    expect(running.exitCode).toBeNull();
  });

  it('give up on a job that could not write to its log', async () => {
    shim('sleep', 'exit 0');
    writeFileSync(join(directory, 'logs'), 'a file where the directory should be');
    expect((await run(job('echo one'))).status).toBe(1);
    expect(await follow(0)).toMatchObject({ stdout: '', stderr: 'ended unstarted 0\n' });
  });
});

describe('the hold of a container', () => {
  it('sends back what it is sent, does not mind SIGTERM, and ends with its standard input', async () => {
    const child = start(holdCommand);
    child.stdin.write('\n');
    await said(child, 'stdout', '\n');
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    child.stdin.write('alive\n');
    await said(child, 'stdout', 'alive\n');
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('the lock of a tree', () => {
  const hold = (mode: 'exclusive' | 'shared') => start(underLock(mode, [directory], sh('echo locked; read -r line')));
  const waiting = '>>> Waiting for another build that is using the tree\n';

  it.each([
    ['exclusive', 'exclusive'],
    ['exclusive', 'shared'],
    ['shared', 'exclusive'],
  ] as const)('that is held %s keeps out one that is %s, which says that it waits', async (first, second) => {
    const holder = hold(first);
    await said(holder, 'stdout', 'locked');
    const waiter = start(underLock(second, [directory], sh('echo in')));
    expect(await said(waiter, 'stderr', waiting)).toBe(waiting);
    expect(waiter.exitCode).toBeNull();
    holder.stdin.end('\n');
    expect(await said(waiter, 'stdout', 'in\n')).toBe('in\n');
  });

  it('does not let who waits for it look like a build that hangs: the log stays young', async () => {
    const holder = hold('exclusive');
    await said(holder, 'stdout', 'locked');
    const log = join(directory, 'log');
    start([
      '/bin/sh',
      '-c',
      'log=$1; shift; exec "$@" >>"$log" 2>&1',
      'to',
      log,
      ...underLock('shared', [directory], sh('true')),
    ]);
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8')).toBe(waiting);
    utimesSync(log, 0, 0);
    await expect.poll(() => statSync(log).mtimeMs, { timeout: 8000 }).toBeGreaterThan(0);
  });

  it('may be shared by several', async () => {
    const holder = hold('shared');
    await said(holder, 'stdout', 'locked');
    expect(await run(underLock('shared', [directory], sh('echo in')))).toMatchObject({ status: 0, stdout: 'in\n' });
    holder.stdin.end('\n');
  });

  it('gives the status of the command', async () => {
    expect(await run(underLock('exclusive', [directory], sh('exit 7')))).toMatchObject({ status: 7, stdout: '' });
  });

  it('ends with the command, not with what that leaves running', async () => {
    await run(underLock('exclusive', [directory], sh('sleep 60 >/dev/null 2>&1 </dev/null &')));
    expect(await run(underLock('exclusive', [directory], sh('echo in')))).toMatchObject({ stdout: 'in\n' });
  });
});

describe('the age rule of a sync', () => {
  const withResult = (command: readonly string[]) => [
    '/bin/sh',
    '-c',
    '"$@" 8>"$0"',
    join(results, 'result'),
    ...command,
  ];
  const sync = (maxAge: number, isOurs = false, command: readonly string[] = ['echo', 'synced']) =>
    run(withResult(syncUnderLock(directory, { command, maxAge, isOurs })));
  let results: string;
  beforeEach(() => {
    results = mkdtempSync(join(tmpdir(), 'job-results-'));
  });
  afterEach(() => rmSync(results, { recursive: true }));

  const write = (path: string): void => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), '');
  };

  it.each(['.git/FETCH_HEAD', '.git/HEAD', 'metadata/timestamp.chk'])(
    'leaves a tree alone whose %s was written just now, and says so',
    async (path) => {
      write(path);
      expect((await sync(3600)).stdout).toMatch(/^>>> The tree was synced \d s ago: not synced again\n$/);
    },
  );

  it('goes by when that was written here, not by the time in it', async () => {
    write('metadata/timestamp.chk');
    utimesSync(join(directory, 'metadata/timestamp.chk'), 0, 0);
    expect((await sync(3600)).stdout).toContain('not synced again');
  });

  it('syncs a tree that is older', async () => {
    write('.git/FETCH_HEAD');
    shim('date', `echo ${Math.floor(Date.now() / 1000) + 3601}`);
    expect((await sync(3600)).stdout).toBe('synced\n');
  });

  it('syncs a tree whatever its age when that is zero, and one without a trace of a sync', async () => {
    expect((await sync(3600)).stdout).toBe('synced\n');
    write('.git/FETCH_HEAD');
    expect((await sync(0)).stdout).toBe('synced\n');
  });

  it('gives the status of the sync', async () => {
    expect((await sync(0, false, sh('exit 5'))).status).toBe(5);
  });

  it('empties a tree of our own that has something in it and is no repository, and no other', async () => {
    write('half/a/tree');
    expect((await sync(0, false)).stdout).toBe('synced\n');
    expect(existsSync(join(directory, 'half'))).toBe(true);
    expect((await sync(0, true)).stdout).toMatch(/^>>> The first sync of the tree was interrupted: .*\nsynced\n$/);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves a tree alone that another build has filled while this one waited for the lock', async () => {
    write('half');
    const holder = start(underLock('exclusive', [directory], sh('echo locked; read -r line')));
    await said(holder, 'stdout', 'locked');
    const waiter = start(
      withResult(syncUnderLock(directory, { command: ['echo', 'synced'], maxAge: 0, isOurs: true })),
    );
    await said(waiter, 'stderr', 'Waiting for another build');
    write('profiles/repo_name');
    holder.stdin.end('\n');
    expect(await said(waiter, 'stdout', 'synced\n')).toBe('synced\n');
    expect(readdirSync(directory).toSorted()).toEqual(['half', 'profiles']);
  });

  it('leaves no stamp, nor do the settings, where nothing tells whether the tree has changed', async () => {
    write('profiles/repo_name');
    await sync(0);
    expect(readFileSync(join(results, 'result'), 'utf8')).toBe('');
    expect((await run(settingsCommand(directory, sh('true')))).stdout.split('\0')[0]).toBe('');
  });

  it('leaves a stamp that is another one when the tree is, and the one of the settings when it is not', async () => {
    const stampOf = async () => {
      await sync(0);
      return readFileSync(join(results, 'result'), 'utf8').trim();
    };
    write('.git/refs/heads/master');
    const before = await stampOf();
    expect((await run(settingsCommand(directory, sh('true')))).stdout.split('\0')[0]).toBe(before);
    writeFileSync(join(directory, '.git/refs/heads/master'), 'c0de');
    expect(await stampOf()).not.toBe(before);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    [
      'git alone',
      { '.git/HEAD': 'ref: refs/heads/b/c\n', '.git/refs/heads/b/c': 'c0de\n', '.git/refs/heads/a': 'c1de\n' },
    ],
    ['git with its branches packed', { '.git/HEAD': 'ref: refs/heads/a\n', '.git/packed-refs': 'c0de refs/heads/a\n' }],
    [
      'git with its references in tables',
      { '.git/HEAD': 'ref: refs/heads/.invalid\n', '.git/reftable/tables.list': 'x' },
    ],
    ['rsync', { 'metadata/timestamp.chk': 'Sun, 22 Nov 2026 21:00:56 +0000\n' }],
    ['neither', { 'profiles/repo_name': 'gentoo\n' }],
  ])('leaves the stamp that is read without a container, of a tree from %s', async (_, files) => {
    for (const [path, content] of Object.entries(files)) {
      write(path);
      writeFileSync(join(directory, path), content);
    }
    await sync(0);
    using world = new BuildWorld({
      tree: Object.fromEntries(Object.entries(files).map(([path, text]) => [`/${path}`, text])),
    });
    const workspace = await createWorkspace(world.context);
    const tree = chooseMount('tree', undefined, undefined);
    const stamp = await readTreeStamp(world.context, workspace, { tree, image: baseName });
    const printed = readFileSync(join(results, 'result'), 'utf8').trim();
    expect(printed).toBe(stamp ?? '');
    expect(printed).toMatch(/^(?:[0-9a-f]{64})?$/);
  });

  it('leaves the stamp of the tree that was emerged from behind what was merged', async () => {
    write('.git/HEAD');
    writeFileSync(join(directory, '.git/HEAD'), 'c0de');
    const work = join(results, 'work');
    const move = sh('echo c1de >"$1"', join(directory, '.git/HEAD'));
    await run(withResult(mergeCommand(work, stampedCommand(work, directory, move))));
    const [line = ''] = readFileSync(join(results, 'result'), 'utf8').split('\n');
    const stamp = createHash('sha256').update('c0de').digest('hex');
    expect(line).toBe(`tree ${stamp}`);
  });
});

describe('the other programs', () => {
  it('print the settings, with a zero byte behind each', async () => {
    const { stdout } = await run(settingsCommand(directory, sh('echo a/b/c')));
    const fields = stdout.split('\0');
    expect(fields.slice(2)).toEqual(['a/b/c', '', '']);
  });

  it('empty the work volume, with hidden files and links, but not what those lead to', async () => {
    const work = join(directory, 'work');
    mkdirSync(join(work, '.gentoo-builder', 'emerge'), { recursive: true });
    writeFileSync(join(work, '.gentoo-builder', 'emerge', 'pid'), '1');
    mkdirSync(join(work, 'app-misc', 'hello'), { recursive: true });
    writeFileSync(join(directory, 'precious'), '');
    symlinkSync(directory, join(work, 'app-misc', 'hello', 'link'));
    await run(['/bin/sh', '-c', '"$@" 8>/dev/null', 'merge', ...mergeCommand(work, sh('true'))]);
    expect(readdirSync(work)).toEqual(['.gentoo-builder']);
    expect(existsSync(join(directory, 'precious'))).toBe(true);
  });

  it('print how long ago the newest of the logs was written to', async () => {
    const now = Date.now() / 1000;
    mkdirSync(join(directory, 'deep'));
    for (const [name, age] of [
      ['build.log', 500],
      ['deep/package.log', 100],
      ['deep/old.log', 900],
    ] as const) {
      writeFileSync(join(directory, name), '');
      utimesSync(join(directory, name), now - age, now - age);
    }
    const { stdout } = await run(silenceCommand(directory));
    expect(Number(stdout)).toBeGreaterThanOrEqual(99);
    expect(Number(stdout)).toBeLessThan(120);
  });
});
