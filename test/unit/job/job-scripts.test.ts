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
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followCommand, jobCommand, mergeCommand, measureSilenceCommand } from '../../../src/job/job-scripts.ts';
import { settingsCommand, stampedCommand, syncUnderLock, underLock } from '../../../src/job/tree/tree-scripts.ts';
import { syncLine } from '../../../src/job/tree/sync-line.ts';
import { git } from '../site/git-program.ts';
import { holdCommand } from '../../../src/container/container-scripts.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { readTreeStamp } from '../../../src/container/tree-stamp.ts';
import { createWorkspace } from '../../../src/container/workspace.ts';
import { baseName, BuildWorld } from '../builder/build-world.ts';

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
      // The process group ended before.
    }
  }
  rmSync(directory, { recursive: true });
  rmSync(`${directory}.marks`, { recursive: true, force: true });
});

/** Starts a script as an exec does, in a new process group. `directory` takes the place of the work volume. */
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

/** Runs a script to its end, with an empty standard input. */
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

/** Puts a program with this name first in PATH. */
function shim(name: string, script: string): void {
  const path = join(directory, 'shims', name);
  mkdirSync(join(directory, 'shims'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** Resolves to the text of a stream as soon as the text contains `what`. */
async function said(child: ChildProcessWithoutNullStreams, stream: 'stdout' | 'stderr', what: string): Promise<string> {
  let heard = '';
  for await (const chunk of child[stream].iterator({ destroyOnReturn: false })) {
    heard += String(chunk);
    if (heard.includes(what)) return heard;
  }
  throw new Error(`${what} was not said, but ${heard}`);
}

const sh = (script: string, ...args: string[]): readonly string[] => ['/bin/sh', '-c', script, 'sh', ...args];

/** The request of a follower on a machine without cgroups. */
const following = { name: 'emerge', offset: 0, watch: false, cgroups: '/nonexistent' };

describe('a job and its follower', () => {
  const log = (): string => join(directory, 'logs', 'run', 'build.log');
  const job = (script: string): readonly string[] => jobCommand('emerge', log(), sh(script));

  /** Follows a job until the follower exits. */
  async function follow(offset: number): Promise<Outcome> {
    const child = start(followCommand({ ...following, log: log(), offset }));
    const outcome = outcomeOf(child);
    await once(child, 'exit');
    child.stdin.end();
    return outcome;
  }

  it('print the output of the command on both streams, and its exit status', async () => {
    const [, { stdout, stderr }] = await Promise.all([
      run(job('echo one; echo two >&2; printf three; exit 3')),
      follow(0),
    ]);
    expect(stdout).toBe('one\ntwo\nthree');
    expect(stderr).toBe('ended 3 13\n');
  });

  it('may start in either order; the follower may start after the end of the job', async () => {
    const early = follow(0);
    await run(job('echo one'));
    expect(await early).toMatchObject({ stdout: 'one\n', stderr: 'ended 0 4\n' });
    expect(await follow(0)).toMatchObject({ stdout: 'one\n', stderr: 'ended 0 4\n' });
  });

  it('continue the output at any byte', async () => {
    await run(job('echo one; echo two'));
    expect(await follow(5)).toMatchObject({ stdout: 'wo\n', stderr: 'ended 0 8\n' });
    expect(await follow(8)).toMatchObject({ stdout: '', stderr: 'ended 0 8\n' });
  });

  it('append the output of several jobs to one log', async () => {
    await run(jobCommand('sync', log(), sh('echo synced')));
    await run(job('echo emerged; exit 1'));
    expect(await follow('synced\n'.length)).toMatchObject({ stdout: 'emerged\n', stderr: 'ended 1 15\n' });
  });

  it('run the command only once, even if the job is started twice', async () => {
    await run(job('echo one'));
    expect((await run(job('echo again'))).status).toBe(0);
    expect(readFileSync(log(), 'utf8')).toBe('one\n');
  });

  it('print `ended lost` if the job was killed before its status was written', async () => {
    const running = start(job('echo one; exec sleep 60'));
    const followed = follow(0);
    const child = start(followCommand({ ...following, log: log() }));
    await said(child, 'stdout', 'one\n');
    process.kill(-(running.pid ?? 0), 'SIGKILL');
    expect(await followed).toMatchObject({ stdout: 'one\n', stderr: 'ended lost 4\n' });
  });

  it('write the status to a file that has its space from the beginning', async () => {
    const size = join(directory, 'size');
    await run(job(`stat -c %s "${directory}"/.gentoo-builder/emerge/status.new >"${size}"; exit 137`));
    expect(readFileSync(size, 'utf8')).toBe('4\n');
    expect(statSync(join(directory, '.gentoo-builder/emerge/status')).size).toBe(4);
    expect(await follow(0)).toMatchObject({ stderr: 'ended 137 0\n' });
  });

  it('give the command an empty standard input', async () => {
    await run(job('cat; echo end'));
    expect(await follow(0)).toMatchObject({ stdout: 'end\n' });
  });

  it('never interpret a word of the command as shell code', async () => {
    const hostile = '$(touch pwned); "\'`';
    await run(jobCommand('emerge', log(), ['printf', '%s', hostile]));
    expect(await follow(0)).toMatchObject({ stdout: hostile });
  });

  it('send keep-alive bytes back while the job prints nothing', async () => {
    const running = start(job('echo one; exec sleep 60'));
    const child = start(followCommand({ ...following, log: log() }));
    await said(child, 'stdout', 'one\n');
    child.stdin.write('\n');
    expect(await said(child, 'stderr', '\n')).toBe('\n');
    process.kill(-(running.pid ?? 0), 'SIGKILL');
  });

  it('end the follower, but not the job, if the connection ends', async () => {
    const running = start(job('echo one; exec sleep 60'));
    const child = start(followCommand({ ...following, log: log() }));
    await said(child, 'stdout', 'one\n');
    child.stdin.end();
    await once(child, 'exit');
    expect(running.exitCode).toBeNull();
  });

  it('print `ended unstarted` if the job cannot write to its log', async () => {
    mkdirSync(join(directory, 'shims'));
    symlinkSync('/bin/true', join(directory, 'shims/sleep'));
    writeFileSync(join(directory, 'logs'), 'a file where the directory should be');
    expect((await run(job('echo one'))).status).toBe(1);
    expect(await follow(0)).toMatchObject({ stdout: '', stderr: 'ended unstarted 0\n' });
  });
});

/** Files of a cgroup: version 1 as an engine mounts it in a container, and version 2. */
const memoryStat1 =
  'cache 5\nrss 7\nshmem 1\nhierarchical_memory_limit 9\ntotal_cache 50\ntotal_rss 70\ntotal_shmem 20\n';
const memoryStat2 = 'anon 700\nfile 900\nshmem 200\ninactive_anon 3\n';

describe('the usage of a container', () => {
  function write(path: string, content: string): string {
    const file = join(directory, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    return file;
  }
  async function measure(cgroup: string): Promise<string> {
    const file = new URL('../../../src/job/measure-usage.sh', import.meta.url);
    const text = `${readFileSync(file, 'utf8')}\nfind_usage "$1" "$2"\nprint_usage`;
    const { stdout, stderr } = await run(sh(text, join(directory, 'fs'), write('cgroup', cgroup)));
    expect(stderr).toBe('');
    return stdout;
  }

  it.each(['cpuacct', 'cpu,cpuacct'])('is read from cgroup version 1 (%s)', async (controller) => {
    write('fs/memory/memory.stat', memoryStat1);
    write(`fs/${controller}/cpuacct.usage`, '1234567890\n');
    expect(await measure('3:memory:/docker/x\n0::/docker/x\n')).toBe('usage 70 20 1234567\n');
  });

  it.each([
    ['a separate cgroup namespace', '0::/\n', ''],
    ['the cgroup namespace of the host', '0::/docker/x\n', 'docker/x/'],
    ['an unknown cgroup', '', ''],
  ])('is read from cgroup version 2 with %s', async (_what, cgroup, path) => {
    write(`fs/${path}memory.stat`, memoryStat2);
    write(`fs/${path}cpu.stat`, 'usage_usec 5000\nuser_usec 4000\n');
    expect(await measure(cgroup)).toBe('usage 700 200 5000\n');
  });

  it("is never the host's usage, even if the files of the container cannot be read", async () => {
    write('fs/memory.stat', memoryStat2);
    write('fs/cpu.stat', 'usage_usec 5000\n');
    expect(await measure('0::/docker/x\n')).toBe('');
  });

  it.each([
    [
      '1',
      'fs/memory/memory.stat',
      'fs/cpuacct/cpuacct.usage',
      'fs/memory/memory.oom_control',
      'under_oom 0\noom_kill 3\n',
    ],
    ['2', 'fs/memory.stat', 'fs/cpu.stat', 'fs/memory.events', 'max 9\noom 5\noom_kill 3\noom_group_kill 1\n'],
  ])(
    'has a counter of processes killed for lack of memory: cgroup version %s',
    async (_version, memory, processor, file, text) => {
      write(memory, memoryStat2);
      write(processor, '1\n');
      const measureKills = async () => {
        const program = readFileSync(new URL('../../../src/job/measure-usage.sh', import.meta.url), 'utf8');
        return run(
          sh(`${program}\nfind_usage "$1" "$2"\nprint_kills`, join(directory, 'fs'), write('cgroup', '0::/\n')),
        );
      };
      expect(await measureKills()).toMatchObject({ stdout: '', stderr: '' });
      write(file, text);
      expect(await measureKills()).toMatchObject({ stdout: 'kills 3\n', stderr: '' });
    },
  );

  it('has a counter of killed processes that a follower prints at the beginning and at the end', async () => {
    write('fs/memory.stat', memoryStat2);
    write('fs/cpu.stat', 'usage_usec 5000\n');
    const events = write('fs/memory.events', 'oom_kill 3\n');
    const end = join(directory, 'end');
    const log = join(directory, 'log');
    await run(['mkfifo', end]);
    start(jobCommand('emerge', log, sh('read -r line <"$1"', end)));
    const follower = start(followCommand({ ...following, log, cgroups: join(directory, 'fs') }));
    expect(await said(follower, 'stderr', 'kills 3\n')).toContain('kills 3\n');
    writeFileSync(events, 'oom_kill 4\n');
    writeFileSync(end, '\n');
    expect(await said(follower, 'stderr', 'ended 0 0\n')).toContain('kills 4\n');
  });

  it('is printed by a follower at the beginning, every second, and at the end', async () => {
    const pipes = ['up', 'end', 'second'].map((name) => join(directory, name));
    const [up = '', end = '', second = ''] = pipes;
    await run(['mkfifo', ...pipes]);
    const memory = write('fs/memory/memory.stat', memoryStat1);
    const processor = write('fs/cpuacct/cpuacct.usage', '1000\n');
    const log = join(directory, 'log');
    start(jobCommand('emerge', log, sh('echo up >"$1"; read -r line <"$2"', up, end)));
    await run(['cat', up]);
    shim('sleep', `read -r line <${second}`);
    const follower = start(followCommand({ ...following, log, cgroups: join(directory, 'fs') }));
    expect(await said(follower, 'stderr', 'usage 70 20 1\n')).toBe('usage 70 20 1\n');
    writeFileSync(memory, memoryStat1.replace('total_rss 70', 'total_rss 80'));
    writeFileSync(second, '\n');
    expect(await said(follower, 'stderr', 'usage 80 20 1\n')).toBe('usage 80 20 1\n');
    writeFileSync(processor, '9000\n');
    writeFileSync(end, '\n');
    expect(await said(follower, 'stderr', 'ended 0 0\n')).toBe('usage 80 20 9\nended 0 0\n');
  });
});

describe('the hold of a container', () => {
  it.each([
    ['', false],
    [' of another machine', true],
  ])('%s sends its input back, ignores SIGTERM, and ends when its standard input ends', async (_, isWatched) => {
    const child = start(holdCommand(isWatched));
    child.stdin.write('\n');
    await said(child, 'stdout', '\n');
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    child.stdin.write('alive\n');
    await said(child, 'stdout', 'alive\n');
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('of another machine ends when its standard input is silent', async () => {
    const child = start([...holdCommand(true).slice(0, -1), '0.2']);
    child.stdin.write('\n');
    await once(child, 'exit');
  });

  it('of another machine does not end if it was paused and input waits', async () => {
    const [bash = '', option = '', program = '', ...args] = holdCommand(true);
    // The time of the first call has passed.
    const late = 'read() { if [ -n "$late" ]; then builtin read "$@"; else late=1; return 142; fi; }\n';
    const input = join(directory, 'input');
    writeFileSync(input, 'waits\n');
    const { stdout } = await run(['/bin/sh', '-c', `exec "$@" <${input}`, 'sh', bash, option, late + program, ...args]);
    expect(stdout).toBe('\nwaits\n');
  });
});

const place = () => ({ trees: [directory], holder: 'a sync', holdersDirectory: `${directory}.marks` }) as const;

/** A command under a lock of the directory, with the marks of the holders beside it. */
function locked(mode: 'exclusive' | 'shared', command: readonly string[], holder = 'another'): readonly string[] {
  return underLock(mode, { ...place(), holder }, command);
}

describe('the lock of a tree', () => {
  const hold = (mode: 'exclusive' | 'shared', holder = mode) =>
    start(locked(mode, sh('echo locked; read -r line'), holder));
  const waiting = (holder: string): RegExp =>
    new RegExp(
      `^>>> Waiting for the tree ${directory}: ${holder} uses it since \\d\\d:\\d\\d:\\d\\d UTC \\(\\d+ s\\)\n$`,
    );

  it.each([
    ['exclusive', 'exclusive'],
    ['exclusive', 'shared'],
    ['shared', 'exclusive'],
  ] as const)('that is held %s keeps out one that is %s, which says that it waits', async (first, second) => {
    const holder = hold(first);
    await said(holder, 'stdout', 'locked');
    const waiter = start(locked(second, sh('echo in')));
    expect(await said(waiter, 'stderr', '\n')).toMatch(waiting(first));
    expect(waiter.exitCode).toBeNull();
    holder.stdin.end('\n');
    expect(await said(waiter, 'stdout', 'in\n')).toBe('in\n');
  });

  it('keeps the time of the log current while a build waits for it, so that the wait is not silence', async () => {
    const holder = hold('exclusive');
    await said(holder, 'stdout', 'locked');
    const log = join(directory, 'log');
    start(['/bin/sh', '-c', 'log=$1; shift; exec "$@" >>"$log" 2>&1', 'to', log, ...locked('shared', sh('true'))]);
    await expect
      .poll(() => (existsSync(log) ? readFileSync(log, 'utf8') : ''), { timeout: 60_000 })
      .toMatch(waiting('exclusive'));
    utimesSync(log, 0, 0);
    await expect.poll(() => statSync(log).mtimeMs, { timeout: 60_000 }).toBeGreaterThan(0);
  });

  it('can be shared by several builds', async () => {
    const holder = hold('shared');
    await said(holder, 'stdout', 'locked');
    expect(await run(locked('shared', sh('echo in')))).toMatchObject({ status: 0, stdout: 'in\n' });
    holder.stdin.end('\n');
  });

  it('returns the exit status of the command', async () => {
    expect(await run(locked('exclusive', sh('exit 7')))).toMatchObject({ status: 7, stdout: '' });
  });

  it('ends with the command, even if the command leaves processes running', async () => {
    await run(locked('exclusive', sh('sleep 60 >/dev/null 2>&1 </dev/null &')));
    expect(await run(locked('exclusive', sh('echo in')))).toMatchObject({ stdout: 'in\n' });
  });
});

describe('the fair lock of a tree', () => {
  const hold = (mode: 'exclusive' | 'shared', holder: string) =>
    start(locked(mode, sh('echo locked; read -r line'), holder));

  it('lets a sync in before builds that came after it', async () => {
    mkdirSync(join(directory, 'profiles'));
    const first = hold('shared', 'first');
    await said(first, 'stdout', 'locked');
    const sync = hold('exclusive', 'the sync');
    await said(sync, 'stderr', '\n');
    const later = start(locked('shared', sh('echo in')));
    // The later build names both: who uses the tree, and who waits for it.
    expect(await said(later, 'stderr', 'the sync')).toMatch(/tree \S+: (first|the sync) uses it since/);
    expect(later.exitCode).toBeNull();
    first.stdin.end('\n');
    await said(sync, 'stdout', 'locked');
    expect(later.exitCode).toBeNull();
    sync.stdin.end('\n');
    expect(await said(later, 'stdout', 'in\n')).toBe('in\n');
  });

  it('lets builds that need no sync in at once', async () => {
    mkdirSync(join(directory, 'profiles'));
    const builds = [hold('shared', 'a'), hold('shared', 'b'), hold('shared', 'c')];
    for (const build of builds) await said(build, 'stdout', 'locked');
    for (const build of builds) build.stdin.end('\n');
  });

  it('forgets a build that was killed', async () => {
    const killed = hold('shared', 'killed');
    await said(killed, 'stdout', 'locked');
    process.kill(-(killed.pid ?? 0), 'SIGKILL');
    await once(killed, 'close');
    const other = hold('shared', 'living');
    await said(other, 'stdout', 'locked');
    const sync = hold('exclusive', 'the sync');
    expect(await said(sync, 'stderr', '\n')).not.toContain('killed');
    other.stdin.end('\n');
    await said(sync, 'stdout', 'locked');
    expect(readdirSync(`${directory}.marks`)).toHaveLength(1);
    sync.stdin.end('\n');
  });

  it('works without a directory for the marks', async () => {
    writeFileSync(`${directory}.marks`, 'a file where the directory should be');
    const other = hold('shared', 'other');
    await said(other, 'stdout', 'locked');
    const sync = hold('exclusive', 'the sync');
    expect(await said(sync, 'stderr', '\n')).toBe(
      `>>> Waiting for the tree ${directory}: another build uses it; its name is not in ${directory}.marks: it has another volume for its logs, or none\n`,
    );
    other.stdin.end('\n');
    await said(sync, 'stdout', 'locked');
  });

  it('leaves no mark of a build that ended', async () => {
    expect(await run(locked('exclusive', sh('exit 3')))).toMatchObject({ status: 3 });
    expect(readdirSync(`${directory}.marks`)).toEqual([]);
  });
});

describe('case 1.1: a sync after one that was killed', () => {
  const write = (path: string): void => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), '');
  };
  const sync = (): Promise<Outcome> => {
    const job = syncUnderLock(place(), directory, { command: ['echo', 'synced'], maxAge: 0, leftovers: 'refuse' });
    return run(['/bin/sh', '-c', '"$@" 8>/dev/null', 'sh', ...job]);
  };

  it.each([
    '.git/index.lock',
    '.git/shallow.lock',
    '.git/HEAD.lock',
    '.git/config.lock',
    '.git/packed-refs.lock',
    '.git/refs/heads/master.lock',
    '.git/refs/remotes/origin/topic/deep.lock',
    '.git/objects/info/commit-graphs/commit-graph-chain.lock',
    '.git/objects/maintenance.lock',
    '.git/modules/sub/index.lock',
    '.git/gc.pid',
    '.git/objects/pack/tmp_pack_Ab12cd',
    '.portage_lockfile',
    'metadata/.timestamp.chk.portage_lockfile',
    '.tmp-unverified-download-quarantine/profiles/repo_name',
    '.rsync-partial/profiles',
    'profiles/.~tmp~/repo_name',
  ])('removes %s, says so and syncs', async (path) => {
    write('profiles/repo_name');
    write(path);
    const { status, stdout } = await sync();
    expect(existsSync(join(directory, path))).toBe(false);
    expect(stdout).toMatch(/^>>> Removed \S+, which an interrupted sync left\nsynced\n$/);
    expect(status).toBe(0);
  });

  describe('of a work tree, whose git directory is elsewhere', () => {
    const hour = 3600;
    /** A repository in `main`, and a work tree of it in `tree` and in `other`. */
    const writeWorkTree = (locks: readonly string[], age: number): void => {
      write('main/.git/worktrees/tree/HEAD');
      writeFileSync(join(directory, 'main/.git/worktrees/tree/commondir'), '../..\n');
      write('tree/profiles/repo_name');
      writeFileSync(join(directory, 'tree/.git'), 'gitdir: ../main/.git/worktrees/tree\n');
      const time = Date.now() / 1000 - age;
      for (const lock of locks) {
        write(lock);
        utimesSync(join(directory, lock), time, time);
      }
    };
    const syncWorkTree = (): Promise<Outcome> => {
      const tree = join(directory, 'tree');
      const request = { command: ['echo', 'synced'], maxAge: 0, leftovers: 'refuse' } as const;
      const job = syncUnderLock({ ...place(), trees: [tree] }, tree, request);
      return run(['/bin/sh', '-c', '"$@" 8>/dev/null', 'sh', ...job]);
    };
    const shared = ['shallow', 'config', 'packed-refs', 'refs/remotes/origin/main', 'objects/info/commit-graph'];
    const locks = [
      ...['main/.git/worktrees/tree/index.lock', 'main/.git/worktrees/tree/HEAD.lock'],
      ...shared.map((name) => `main/.git/${name}.lock`),
    ];

    it.each(locks)('removes %s', async (lock) => {
      writeWorkTree([lock], hour);
      const { status, stdout } = await syncWorkTree();
      expect(stdout).toBe(`>>> Removed ${join(directory, lock)}, which an interrupted sync left\nsynced\n`);
      expect(existsSync(join(directory, lock))).toBe(false);
      expect(status).toBe(0);
    });

    it.each(locks)('refuses the sync if %s may be in use', async (lock) => {
      writeWorkTree([lock], 0);
      const { status, stdout } = await syncWorkTree();
      const why = `its ${join(directory, lock)} is less than 10 minutes old`;
      expect([status, stdout]).toEqual([1, `!!! no sync (locked): another program may use it: ${why}\n`]);
    });

    it('leaves the locks of the other work trees', async () => {
      const lock = 'main/.git/worktrees/other/index.lock';
      writeWorkTree([lock], hour);
      expect((await syncWorkTree()).stdout).toBe('synced\n');
      expect(existsSync(join(directory, lock))).toBe(true);
    });
  });

  it('removes the locks of Mercurial, which are links', async () => {
    write('profiles/repo_name');
    mkdirSync(join(directory, '.hg/store'), { recursive: true });
    for (const lock of ['.hg/wlock', '.hg/store/lock']) symlinkSync('host:1234', join(directory, lock));
    expect((await sync()).stdout.split('\n')).toHaveLength(4);
    expect([readdirSync(join(directory, '.hg')), readdirSync(join(directory, '.hg/store'))]).toEqual([['store'], []]);
  });

  it('removes the locks of a git directory that is a link', async () => {
    write('profiles/repo_name');
    write('real/index.lock');
    symlinkSync('real', join(directory, '.git'));
    expect((await sync()).stdout).toMatch(/^>>> Removed .git\/index.lock, /);
    expect(existsSync(join(directory, 'real/index.lock'))).toBe(false);
  });

  it('leaves everything else', async () => {
    const kept = [
      '.git/hooks/my.lock',
      '.git/worktrees/other/index.lock',
      'dev-util/lock/lock-1.lock',
      'app-misc/x/files/tmp_pack_x',
      '.git/locked',
      'a.lock',
      'profiles/repo_name',
    ];
    for (const path of kept) write(path);
    expect((await sync()).stdout).toBe('synced\n');
    for (const path of kept) expect(existsSync(join(directory, path)), path).toBe(true);
  });

  it('ends with an error if a lock file cannot be removed', async () => {
    write('profiles/repo_name');
    write('.git/index.lock');
    shim('rm', 'echo "rm: busy" >&2; exit 1');
    expect(await sync()).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('case 1.1: a tree whose sync was killed in the middle', () => {
  const write = (path: string, text = 'x'): void => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  const request = { maxAge: 3600, leftovers: 'refuse' } as const;
  const syncBy = (command: readonly string[], more: Partial<Parameters<typeof syncUnderLock>[2]> = {}) => [
    ...['/bin/sh', '-c', '"$@" 8>/dev/null', 'sh'],
    ...syncUnderLock(place(), directory, { ...request, command, ...more }),
  ];
  const sync = () => run(syncBy(['echo', 'synced']));
  /** Kills a sync after its command, a shell program in the tree, has run so far. */
  const killSync = async (script: string, name = 'emerge'): Promise<void> => {
    const command = sh(`cd "$1" && ${script} && echo half; read -r line`, directory, name);
    const killed = start(syncBy(command, { maxAge: 0 }));
    await said(killed, 'stdout', 'half');
    process.kill(-(killed.pid ?? 0), 'SIGKILL');
    await once(killed, 'close');
  };
  const writeGit = (): void => {
    for (const path of ['profiles/repo_name', '.git/FETCH_HEAD', '.git/gentoo-builder-synced']) write(path);
  };
  const writeMirrored = (): void => {
    for (const path of ['profiles/repo_name', 'metadata/timestamp.chk', 'metadata/timestamp.x']) write(path);
  };

  it.each([
    ['git', writeGit],
    ['rsync', writeMirrored],
  ])('of %s is synced again, however young it is', async (_kind, writeTree) => {
    writeTree();
    expect((await sync()).stdout).toContain('not synced again');
    await killSync('true');
    expect((await sync()).stdout).toBe('synced\n');
    expect((await sync()).stdout).not.toContain('local');
    expect(readdirSync(directory)).not.toContain('local');
  });

  it('is named with the settings if it may have files of two revisions, and not after the next sync', async () => {
    const torn = async () =>
      (await run(settingsCommand([`${directory}/x`, directory], sh('true')))).stdout.split('\0')[4];
    writeMirrored();
    expect(await torn()).toBe('');
    await killSync('true');
    expect(await torn()).toBe(`${directory}\n`);
    await sync();
    expect(await torn()).toBe('');
  });

  it('of git is young after the next sync', async () => {
    writeGit();
    await killSync('true');
    await sync();
    expect((await sync()).stdout).toContain('not synced again');
  });

  it('of rsync is not taken for the newest by its time: Portage then would transfer nothing', async () => {
    writeMirrored();
    await killSync('echo new >metadata/timestamp.chk');
    expect((await run(syncBy(['ls', join(directory, 'metadata')]))).stdout).toBe('');
  });

  it('of a sync that fails has no mark: Portage has ended it', async () => {
    writeMirrored();
    expect((await run(syncBy(sh('exit 5'), { maxAge: 0 }))).status).toBe(5);
    expect((await sync()).stdout).toContain('not synced again');
  });

  it('of a first snapshot is filled, in a directory of the user, too', async () => {
    await killSync('mkdir -p metadata && echo >metadata/timestamp.chk', 'emerge-webrsync');
    expect(readdirSync(directory).toSorted()).toEqual(['local', 'metadata']);
    expect((await sync()).stdout).toBe('synced\n');
  });

  describe('while git wrote its files', () => {
    const upstream = () => `${directory}.upstream`;
    afterEach(() => rmSync(upstream(), { recursive: true, force: true }));
    const names = ['profiles/repo_name', 'a/changed', 'a/gone', 'b/changed'];
    /** Makes a clone whose upstream branch has changed files, a new one and one less, and fetches them. */
    const writeClone = (): void => {
      for (const name of names) write(`../${basename(upstream())}/${name}`, 'old');
      const commit = ['commit', '--quiet', '--all', '--message=x'];
      for (const args of [['init', '--quiet'], ['add', '.'], commit]) git(upstream(), ...args);
      git(directory, 'clone', '--quiet', upstream(), '.');
      for (const name of ['a/changed', 'b/changed']) writeFileSync(join(upstream(), name), 'new');
      rmSync(join(upstream(), 'a/gone'));
      write(`../${basename(upstream())}/a/added`, 'new');
      git(upstream(), 'add', '--all');
      git(upstream(), ...commit);
      git(directory, 'fetch', '--quiet');
    };
    /** What git has done when it is killed: one file is changed, one half, one is removed, and one is new. */
    const half = 'touch .git/index.lock && rm a/gone && echo new >a/changed && : >b/changed && echo new >a/added';
    const merge = (more = {}) => run(syncBy(['git', '-C', directory, 'reset', '--merge', '@{upstream}'], more));
    const restored =
      /^>>> Removed .git\/index.lock, .*\n>>> Restored the files that an interrupted sync had begun to write\n(?!>>>)/;

    it('is restored, and the next sync can write them', async () => {
      writeClone();
      await killSync(half);
      const { status, stdout } = await merge();
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(restored) as string });
      expect(git(directory, 'status', '--porcelain')).toBe('');
      expect(readFileSync(join(directory, 'b/changed'), 'utf8')).toBe('new');
      expect(readdirSync(join(directory, 'a')).toSorted()).toEqual(['added', 'changed']);
    });

    it('is restored in a volume if an older version was killed, which made no mark', async () => {
      writeClone();
      await run(sh(`cd "$1" && ${half}`, directory));
      expect((await merge({ maxAge: 0 })).stdout).toMatch(restored);
    });

    it('keeps all changes if git had not begun to write', async () => {
      writeClone();
      await killSync('echo mine >a/changed');
      expect(await merge()).toMatchObject({ status: 128, stdout: '' });
      expect(readFileSync(join(directory, 'a/changed'), 'utf8')).toBe('mine\n');
    });

    it('has its files if it was a clone that was killed', async () => {
      writeClone();
      rmSync(join(directory, '.git/index'));
      rmSync(join(directory, 'b'), { recursive: true });
      write('.git/index.lock');
      expect((await merge({ maxAge: 0 })).status).toBe(0);
      expect(git(directory, 'status', '--porcelain')).toBe('');
    });

    it('keeps changes of the user in other files', async () => {
      writeClone();
      await killSync(`echo mine >>profiles/repo_name && ${half}`);
      const past = Date.now() / 1000 - 3600;
      utimesSync(join(directory, '.git/index.lock'), past, past);
      expect((await merge({ isUserDirectory: true })).stdout).toContain('>>> Restored the files');
      expect(git(directory, 'status', '--porcelain')).toContain('M profiles/repo_name');
    });
  });

  it('of a zip file gets back what the sync had moved aside', async () => {
    for (const path of ['profiles/repo_name', 'a/1.ebuild', 'b/1.ebuild', '.info']) write(path, 'old');
    const moved = 'mkdir .temp0_abcdef && mv profiles a local .info .temp0_abcdef && mkdir a';
    await killSync(`${moved} && mv .temp0_abcdef/a/1.ebuild a && echo new >a/2.ebuild`);
    const { stdout } = await run(syncBy(['find', directory, '-name', '*.ebuild', '-o', '-name', 'repo_name']));
    expect(stdout).toMatch(/^>>> Moved back the files in .temp0_abcdef, which an interrupted sync left\n/);
    for (const path of ['profiles/repo_name', 'a/1.ebuild', 'a/2.ebuild', 'b/1.ebuild']) expect(stdout).toContain(path);
    expect(readdirSync(directory).toSorted()).toEqual(['a', 'b', 'profiles']);
  });

  it('keeps a directory of the user with such a name', async () => {
    for (const path of ['profiles/repo_name', '.temp0_abcdef/mine']) write(path);
    expect((await sync()).stdout).toBe('synced\n');
    expect(readdirSync(directory).toSorted()).toEqual(['.temp0_abcdef', 'profiles']);
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
  const sync = (maxAge: number, leftovers: 'delete' | 'refuse' = 'refuse', command = sh('echo synced')) =>
    run(withResult(syncUnderLock(place(), directory, { command, maxAge, leftovers, isUserDirectory: false })));
  let results: string;
  beforeEach(() => {
    results = mkdtempSync(join(tmpdir(), 'job-results-'));
  });
  afterEach(() => rmSync(results, { recursive: true }));

  const write = (path: string): void => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), 'x');
  };
  const writeTree = (trace: string): void => {
    write('profiles/repo_name');
    write(trace);
    write('.git/gentoo-builder-synced');
  };
  /** Sets the clock of the programs, which the change time of files does not follow. */
  const setClock = (seconds: number): void =>
    shim('date', `case $1 in -u) exec /bin/date "$@" ;; *) echo ${Math.floor(Date.now() / 1000) + seconds} ;; esac`);

  it.each(['.git/FETCH_HEAD', '.git/HEAD', 'metadata/timestamp.chk'])(
    'skips the sync with a message if %s was written just now',
    async (path) => {
      writeTree(path);
      expect((await sync(3600)).stdout).toMatch(/^>>> The tree was synced \d+ s ago: not synced again\n$/);
    },
  );

  it('uses the change time of the file, not its modification time', async () => {
    writeTree('metadata/timestamp.chk');
    utimesSync(join(directory, 'metadata/timestamp.chk'), 0, 0);
    expect((await sync(3600)).stdout).toContain('not synced again');
  });

  it('syncs a tree that is older', async () => {
    writeTree('.git/FETCH_HEAD');
    setClock(3601);
    expect((await sync(3600)).stdout).toBe('synced\n');
  });

  it('always syncs if the age is zero, or if the tree has no trace of a sync', async () => {
    expect((await sync(3600)).stdout).toBe('synced\n');
    writeTree('.git/FETCH_HEAD');
    expect((await sync(0)).stdout).toBe('synced\n');
  });

  it.each(['.git/FETCH_HEAD', '.git/HEAD', 'metadata/timestamp.chk'])(
    'case 3.4: syncs a tree whose %s is of the future, because the clock was set back',
    async (path) => {
      writeTree(path);
      setClock(-3600);
      expect((await sync(7200)).stdout).toBe('synced\n');
    },
  );

  it('case 3.4: goes by the other files if one is of the future', async () => {
    writeTree('.git/HEAD');
    writeTree('.git/FETCH_HEAD');
    shim(
      'stat',
      `case $3 in *HEAD) [ "$\{3##*/}" = HEAD ] && { echo 9999999999; exit; } ;; esac; exec /usr/bin/stat "$@"`,
    );
    expect((await sync(3600)).stdout).toContain('not synced again');
  });

  it('syncs again after a fetch that failed, which leaves an empty FETCH_HEAD', async () => {
    writeTree('.git/FETCH_HEAD');
    writeFileSync(join(directory, '.git/FETCH_HEAD'), '');
    expect((await sync(3600)).stdout).toBe('synced\n');
  });

  it('syncs a clone again whose first sync was killed before it verified the tree, and notes the end of the sync', async () => {
    write('profiles/repo_name');
    write('.git/HEAD');
    expect((await sync(3600)).stdout).toBe('synced\n');
    expect((await sync(3600)).stdout).toContain('not synced again');
  });

  it('does not note the end of a sync that failed', async () => {
    write('profiles/repo_name');
    write('.git/HEAD');
    const fetch = sh('echo commit >"$1/.git/FETCH_HEAD"; exit 1', directory);
    expect(await sync(3600, 'refuse', fetch)).toMatchObject({ status: 1 });
    expect(existsSync(join(directory, '.git/FETCH_HEAD'))).toBe(false);
    expect((await sync(3600)).stdout).toBe('synced\n');
  });

  it('syncs a tree that is no repository, however young its files are', async () => {
    write('.git/HEAD');
    expect((await sync(3600, 'delete')).stdout).toMatch(/\nsynced\n$/);
  });

  describe('case 3.13: while another build uses the tree', () => {
    const hold = (mode: 'exclusive' | 'shared') => start(locked(mode, sh('echo locked; read -r line'), 'app-misc/a'));
    const startSync = (maxAge: number) =>
      start(
        withResult(syncUnderLock(place(), directory, { command: ['echo', 'synced'], maxAge, leftovers: 'refuse' })),
      );

    it('a build that need not sync does not wait, and has the stamp', async () => {
      writeTree('.git/HEAD');
      const other = hold('shared');
      await said(other, 'stdout', 'locked');
      const outcome = await outcomeOf(startSync(3600));
      expect(outcome).toMatchObject({ status: 0, stderr: '' });
      expect(outcome.stdout).toContain('not synced again');
      expect(readFileSync(join(results, 'result'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
      expect(other.exitCode).toBeNull();
      other.stdin.end('\n');
    });

    it('a build that need not sync waits for a sync that is under way, and does not sync again', async () => {
      writeTree('.git/HEAD');
      const other = hold('exclusive');
      await said(other, 'stdout', 'locked');
      const waiter = startSync(3600);
      expect(await said(waiter, 'stderr', '\n')).toContain(`the tree ${directory}: app-misc/a uses it since `);
      other.stdin.end('\n');
      expect(await said(waiter, 'stdout', '\n')).toContain('not synced again');
    });

    it('a build that has to sync waits, names the other and syncs after it', async () => {
      writeTree('.git/HEAD');
      const other = hold('shared');
      await said(other, 'stdout', 'locked');
      const waiter = startSync(0);
      expect(await said(waiter, 'stderr', '\n')).toContain(`the tree ${directory}: app-misc/a uses it since `);
      other.stdin.end('\n');
      expect(await said(waiter, 'stdout', 'synced\n')).toBe('synced\n');
    });
  });

  it('returns the exit status of the sync', async () => {
    expect((await sync(0, 'refuse', sh('exit 5'))).status).toBe(5);
  });

  it('leaves nothing of a first sync that fails: Portage clones a tree before it verifies it', async () => {
    const clone = sh('mkdir profiles .git && echo gentoo >profiles/repo_name && echo ref >.git/HEAD && exit 1');
    const inTree = ['/bin/sh', '-c', 'cd "$0" && exec "$@"', directory, ...clone];
    expect((await sync(0, 'refuse', inTree)).status).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves a tree as it is if a later sync fails', async () => {
    writeTree('.git/HEAD');
    expect((await sync(0, 'delete', sh('exit 1'))).status).toBe(1);
    expect(readdirSync(directory).toSorted()).toEqual(['.git', 'profiles']);
  });

  it('empties a tree with files but no repository only if the volume is ours', async () => {
    write('app-half/a/tree');
    expect(await sync(0, 'refuse')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /^!!! no sync \(foreign\): it is neither empty nor an ebuild repository .*\n$/,
      ) as string,
    });
    expect(existsSync(join(directory, 'app-half/a/tree'))).toBe(true);
    expect((await sync(0, 'delete')).stdout).toMatch(/^>>> The first sync of the tree was interrupted: .*\nsynced\n$/);
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each(['ledger.db', 'photos/cat.jpg', 'app-notes'])(
    'kind of case 1.6: does not empty a volume of our name and label with a file that no sync leaves: %s',
    async (file) => {
      write('app-half/a/tree');
      write(file);
      expect(await sync(0, 'delete')).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^!!! no sync \(foreign\): /) as string,
      });
      expect(existsSync(join(directory, file))).toBe(true);
      // The files of a git clone may have any name.
      write('.git/HEAD');
      expect((await sync(0, 'delete')).stdout).toContain('The first sync of the tree was interrupted');
    },
  );

  it.each(['delete', 'refuse'] as const)(
    'syncs a repository with a name in layout.conf alone (%s)',
    async (leftovers) => {
      write('metadata/layout.conf');
      writeFileSync(join(directory, 'metadata/layout.conf'), 'masters = gentoo\nrepo-name = overlay\n');
      write('.git/HEAD');
      expect((await sync(0, leftovers)).stdout).toBe('synced\n');
      expect((await sync(3600, leftovers)).stdout).toContain('not synced again');
      expect(existsSync(join(directory, 'metadata/layout.conf'))).toBe(true);
    },
  );

  it.each(['delete', 'refuse'] as const)(
    'syncs an empty tree, and one with lost+found alone (%s)',
    async (leftovers) => {
      expect((await sync(0, leftovers)).stdout).toBe('synced\n');
      mkdirSync(join(directory, 'lost+found'));
      expect((await sync(0, leftovers)).stdout).toBe('synced\n');
    },
  );

  it('does not empty a tree that another build filled while this build waited for the lock', async () => {
    write('half');
    const holder = start(locked('exclusive', sh('echo locked; read -r line')));
    await said(holder, 'stdout', 'locked');
    const waiter = start(
      withResult(
        syncUnderLock(place(), directory, {
          command: ['echo', 'synced'],
          maxAge: 0,
          leftovers: 'delete',
          isUserDirectory: false,
        }),
      ),
    );
    await said(waiter, 'stderr', 'Waiting for the tree');
    write('profiles/repo_name');
    holder.stdin.end('\n');
    expect(await said(waiter, 'stdout', 'synced\n')).toBe('synced\n');
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(['half', 'profiles']));
  });

  describe('case 2.14: of a tree of the user', () => {
    const syncOfUser = () => {
      const request = { command: ['echo', 'synced'], maxAge: 0, leftovers: 'refuse', isUserDirectory: true } as const;
      return run(withResult(syncUnderLock(place(), directory, request)));
    };
    beforeEach(() => write('profiles/repo_name'));
    const commitAll = () => {
      git(directory, 'init', '--quiet');
      git(directory, 'add', '--all');
      git(directory, 'commit', '--quiet', '--allow-empty', '--message=tree');
    };

    it('tells of local changes before the sync', async () => {
      for (const name of ['a', 'b', 'c', 'd']) write(`profiles/${name}`);
      commitAll();
      for (const name of ['a', 'b', 'c']) writeFileSync(join(directory, `profiles/${name}`), 'changed');
      write('profiles/new');
      expect((await syncOfUser()).stdout).toBe(
        '!!! before the sync: the tree has 4 local changes, which the sync may overwrite or delete: profiles/a, profiles/b, profiles/c\nsynced\n',
      );
    });

    it('tells of new files and starts no program, whatever the configuration of the clone is', async () => {
      commitAll();
      for (const setting of [
        'status.showUntrackedFiles=no',
        'status.short=true',
        'status.branch=true',
        'color.ui=always',
      ])
        git(directory, 'config', ...setting.split('='));
      const started = join(results, 'started');
      git(directory, 'config', 'core.fsmonitor', `touch ${started}; false`);
      write('profiles/new');
      expect((await syncOfUser()).stdout).toBe(
        '!!! before the sync: the tree has 1 local changes, which the sync may overwrite or delete: profiles/new\nsynced\n',
      );
      expect(existsSync(started)).toBe(false);
    });

    it('tells that new files will belong to root, if the base does not have the owner', async () => {
      shim('stat', 'echo 1000');
      shim('getent', 'exit 2');
      commitAll();
      expect((await syncOfUser()).stdout).toBe(
        '!!! before the sync: the tree belongs to the user id 1000, which the base does not have: new files will belong to root\nsynced\n',
      );
      shim('getent', 'exit 0');
      commitAll();
      expect((await syncOfUser()).stdout).toBe('synced\n');
    });

    it('tells of commits that the upstream branch does not have, and of ignored files', async () => {
      const upstream = join(results, 'upstream');
      git(results, 'init', '--quiet', '--bare', 'upstream');
      write('.gitignore');
      writeFileSync(join(directory, '.gitignore'), '*.local\n');
      commitAll();
      git(directory, 'remote', 'add', 'origin', upstream);
      git(directory, 'push', '--quiet', '--set-upstream', 'origin', 'HEAD');
      expect((await syncOfUser()).stdout).toBe('synced\n');
      git(directory, 'commit', '--quiet', '--allow-empty', '--message=mine');
      write('profiles/notes.local');
      expect((await syncOfUser()).stdout).toBe(
        '!!! before the sync: the tree has 1 ignored files or directories, which the sync may delete: profiles/notes.local\n' +
          '!!! before the sync: the tree has 1 commits that its upstream branch does not have, which the sync may discard\nsynced\n',
      );
    });

    it('tells that the sync of a tree without git deletes files', async () => {
      expect((await syncOfUser()).stdout).toBe(
        '!!! before the sync: the tree is not a git clone: the sync overwrites changed files, and deletes files that its source does not have\nsynced\n',
      );
      rmSync(join(directory, 'profiles'), { recursive: true });
      expect((await syncOfUser()).stdout).toBe('synced\n');
    });

    it.each(['.git/index.lock', '.rsync-partial', 'metadata/.x.portage_lockfile'])(
      'fails and changes nothing if %s is younger than 10 minutes: another program may use the tree',
      async (path) => {
        commitAll();
        write(path);
        const { status, stdout } = await syncOfUser();
        expect(status).toBe(1);
        expect(stdout).toBe(
          `!!! no sync (locked): another program may use it: its ${path} is less than 10 minutes old\n`,
        );
        expect(existsSync(join(directory, path))).toBe(true);
        const old = Date.now() / 1000 - 660;
        utimesSync(join(directory, path), old, old);
        expect((await syncOfUser()).stdout).toContain(`>>> Removed ${path}, which an interrupted sync left\n`);
      },
    );

    it('tells nothing of a clean tree of root or of a volume', async () => {
      shim('stat', 'echo 0');
      write('profiles/a');
      commitAll();
      expect((await syncOfUser()).stdout).toBe('synced\n');
      write('profiles/b');
      expect((await sync(0)).stdout).toBe('synced\n');
    });

    it('is shown as a warning', () => {
      expect(syncLine('!!! before the sync: the tree has 1 local change', 'leave it')).toEqual({
        type: 'warning',
        message: 'the tree has 1 local change',
        hint: 'leave it',
      });
      expect(syncLine('!!! x', 'leave it')).toEqual({ type: 'line', step: 'sync', text: '!!! x' });
    });
  });

  it('prints no stamp, like the settings, if the tree has neither git references nor a time stamp', async () => {
    write('profiles/repo_name');
    await sync(0);
    expect(readFileSync(join(results, 'result'), 'utf8')).toBe('');
    expect((await run(settingsCommand([directory], sh('true')))).stdout.split('\0')[0]).toBe('');
  });

  it('prints the same stamp as the settings, and another stamp after a change of the tree', async () => {
    const stampOf = async () => {
      await sync(0);
      return readFileSync(join(results, 'result'), 'utf8').trim();
    };
    writeTree('.git/refs/heads/master');
    const before = await stampOf();
    expect((await run(settingsCommand([directory], sh('true')))).stdout.split('\0')[0]).toBe(before);
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
      'git with its references in reftables',
      { '.git/HEAD': 'ref: refs/heads/.invalid\n', '.git/reftable/tables.list': 'x' },
    ],
    ['rsync', { 'metadata/timestamp.chk': 'Sun, 22 Nov 2026 21:00:56 +0000\n' }],
    ['neither', { 'profiles/repo_name': 'gentoo\n' }],
  ])('prints the same stamp as readTreeStamp for a tree from %s', async (_, files) => {
    write('profiles/repo_name');
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

  it('adds to the merged packages the stamp that the tree had at the start of the emerge', async () => {
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
  it('have names, which their errors and lists of processes show', () => {
    const place = { trees: ['/tree'], holder: 'x' } as const;
    const command = ['emerge'];
    const sync = syncUnderLock(place, '/tree', { command, maxAge: 0, leftovers: 'refuse', isUserDirectory: true });
    expect([
      ...sync.filter((word) => word.startsWith('gentoo-builder-')),
      underLock('shared', place, command)[3],
      stampedCommand('/work', '/tree', command)[3],
      settingsCommand(['/tree'], command)[3],
    ]).toEqual([
      ...['gentoo-builder-young', 'gentoo-builder-lock', 'gentoo-builder-sync', 'gentoo-builder-warn-of-sync'],
      ...['gentoo-builder-lock', 'gentoo-builder-stamped', 'gentoo-builder-settings'],
    ]);
  });

  it('print each setting with a zero byte after it', async () => {
    const { stdout } = await run(settingsCommand([directory], sh('echo a/b/c')));
    const fields = stdout.split('\0');
    expect(fields.slice(2)).toEqual(['a/b/c', '', '', '']);
  });

  it('empty the work volume, including hidden files and links, but not the targets of the links', async () => {
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

  describe('give a merge English messages', () => {
    const variables = async (given: Readonly<Record<string, string>>) => {
      const result = join(directory, 'environment');
      const assignments = Object.entries({ PORTAGE_CONFIGROOT: directory, ...given }).map((pair) => pair.join('='));
      const merge = mergeCommand(join(directory, 'work'), sh('env >"$1"', result));
      const { status } = await run(sh('exec env -u LC_ALL -u LANGUAGE "$@" 8>/dev/null', ...assignments, ...merge));
      expect(status).toBe(0);
      return Object.fromEntries(
        readFileSync(result, 'utf8')
          .split('\n')
          .map((line) => [line.split('=')[0], line.replace(/^[^=]*=/, '')]),
      );
    };
    const german = {
      LC_ALL: '',
      LANGUAGE: '',
      LC_MESSAGES: 'C.UTF-8',
      LC_CTYPE: 'de_DE.UTF-8',
      LC_COLLATE: 'de_DE.UTF-8',
    };

    it('if the base sets LC_ALL, and keep the rest of its locale', async () => {
      shim('portageq', '[ "$*" = "envvar LC_ALL" ] && echo "$LC_ALL"');
      const given = { LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de', LC_MESSAGES: 'C.UTF-8' };
      expect(await variables(given)).toMatchObject(german);
    });

    it.each([
      ['etc/portage/make.conf', 'LC_ALL="de_DE.UTF-8"'],
      ['etc/portage/make.conf/50-locale.conf', 'source /opt/locale.conf'],
      ['etc/profile.env', "export LC_ALL='de_DE.UTF-8'"],
    ])('if %s sets LC_ALL', async (path, text) => {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), `${text}\n`);
      shim('portageq', 'echo de_DE.UTF-8');
      expect(await variables({ LC_MESSAGES: 'C.UTF-8' })).toMatchObject(german);
    });

    it('without asking Portage if nothing sets LC_ALL', async () => {
      shim('portageq', 'echo asked');
      const found = await variables({ LC_CTYPE: 'fr_FR.UTF-8', LC_MESSAGES: 'C.UTF-8' });
      expect(found).toMatchObject({ LC_ALL: '', LC_MESSAGES: 'C.UTF-8', LC_CTYPE: 'fr_FR.UTF-8' });
    });
  });

  it('print the age of the newest log', async () => {
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
    const { stdout } = await run(measureSilenceCommand(directory));
    expect(Number(stdout)).toBeGreaterThanOrEqual(99);
    // A busy machine may add seconds, but never up to the age of the next log.
    expect(Number(stdout)).toBeLessThan(500);
  });
});
