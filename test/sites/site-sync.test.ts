import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { containersWith } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { faultsConf, inContainer, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

const broken = '[broken]\nlocation = /var/db/repos/broken\nsync-type = git\nsync-uri = file:///nowhere/at/all.git\n';
const left = (name: string, line: string) => `[${name}]\nlocation = /var/db/repos/${name}\n${line}\n`;

describe('zentoo sync', () => {
  const site = new ZentooSite('sync');
  let trees: SharedTrees & AsyncDisposable;
  const lock = () => (parse(site.read('site.lock')) as { repositories: Record<string, string> }).repositories;

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, trees));
    site.write('config/tuples', 'plain-base-plain-clock\n');
    site.write('config/sets/clock', 'app-misc/timepiece:2\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('writes the revisions of all trees to site.lock, also of trees that it does not sync', async () => {
    const { status, stderr, stdout } = await site.run(['sync']);
    expect(status, stderr).toBe(0);
    expect(lock()).toEqual({
      faults: expect.stringMatching(/^files-[0-9a-f]{40}$/),
      gentoo: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(stdout).toContain(lock()['gentoo']);
    expect(stderr).toContain('faults: sync not synced: its repos.conf has no sync-type ...\n');
  });

  it('case 1.1: removes the lock file that a killed git left in a tree, says so, and syncs', async () => {
    await inContainer(stage, 'touch /tree/.git/shallow.lock', ['-v', `${trees.gentoo}:/tree`]);
    const { status, stderr } = await site.run(['sync']);
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining('Removed .git/shallow.lock, which an interrupted sync left'),
    ]);
  });

  it('syncs the other trees if one fails, and keeps its revision in site.lock; skips trees without a sync-type', async () => {
    site.branch('portage', 'base', {
      'repos.conf/broken.conf': broken,
      'repos.conf/never.conf': left('never', 'sync-type = git\nsync-uri = file:///nowhere\nauto-sync = no'),
    });
    const before = lock();
    site.write('site.lock', 'repositories:\n  broken: what-it-was\n  gone: long-ago\n');
    const { status, stderr } = await site.run(['sync']);
    expect(status, stderr).toBe(30);
    expect(stderr).toMatch(/^zentoo: failed to sync .*/m);
    expect(stderr).toContain('never: sync not synced: its repos.conf has auto-sync = no ...\n');
    expect(lock()).toEqual({ broken: 'what-it-was', ...before });
    const build = await site.run(['build']);
    expect([build.status, build.stderr]).toEqual([
      13,
      expect.stringContaining('failed to find the ebuild repository broken: there is none in the volume zentoo-'),
    ]);
    rmSync(join(site.path, 'config/portage/repos.conf/broken.conf'));
    rmSync(join(site.path, 'config/portage/repos.conf/never.conf'));
    site.branch('portage', 'base', {});
  });

  it('refuses a damaged site.lock before anything is synced', async () => {
    const before = site.read('site.lock');
    site.write('site.lock', 'what is this\n');
    const { status, stderr } = await site.run(['sync']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('site.lock:1:1: the file is not a lock file')]);
    expect(stderr).not.toContain('sync git');
    site.write('site.lock', before);
  });

  it('waits for processes that use the tree, and makes them wait while it syncs', async () => {
    for (const [mode, command] of [
      ['--shared', ['sync']],
      ['--exclusive', ['build']],
    ] as const) {
      await using holder = await holdLock(trees.gentoo, mode);
      const running = site.run(command);
      // The kernel's list of locks shows that the other process waits for the lock.
      await holder.untilWaitedFor();
      await holder.release();
      const { status, stderr } = await running;
      expect(status, stderr).toBe(0);
    }
  });

  it('refuses a second site of the same name, and changes nothing', async () => {
    expect(await site.run(['sync'])).toMatchObject({ status: 0 });
    await using other = new ZentooSite('sync');
    other.write('site.yaml', siteYaml(site, { gentoo: trees.gentoo }));
    other.write('config/tuples', 'plain-base-plain-tools\n');
    other.write('config/sets/tools', 'app-misc/timepiece:2\n');
    const before = await site.images();
    for (const command of ['sync', 'build']) {
      const { status, stderr } = await other.run([command]);
      expect([command, status, stderr]).toEqual([
        command,
        20,
        expect.stringContaining(`the site in ${site.path}, registered without an id, has the same name`),
      ]);
    }
    expect(await site.images()).toEqual(before);
    // zentoo does not look up a stage that no tuple of this build uses.
    const stages = `{ a: { image: ${stage}, branches: [base] }, b: { image: localhost:1/none, branches: [next] } }`;
    other.branch('portage', 'next', {});
    other.write('config/tuples', 'plain-base-plain-tools\nplain-next-plain-tools\n');
    other.write('site.yaml', siteYaml(other, { gentoo: trees.gentoo }, { stages }));
    expect((await other.build(['plain-base-plain-tools'])).tuples.get('plain-base-plain-tools')?.type).toBe('built');
    expect(await site.images()).toEqual(before);
    expect((await other.images()).filter((name) => name.endsWith(':latest'))).toEqual([
      'plain-base-plain-tools:latest',
    ]);
  });

  it('fails with 14 if a stage cannot be found, and starts nothing', async () => {
    await using other = new ZentooSite('stage');
    other.write(
      'site.yaml',
      siteYaml(other, { gentoo: trees.gentoo }, { stages: '{ s: { image: localhost:1/none } }' }),
    );
    other.write('config/tuples', 'plain-base-plain-tools\n');
    const { status, stderr } = await other.run(['build']);
    expect([status, stderr]).toEqual([14, expect.stringContaining('failed to find the base localhost:1/none: ')]);
  });
});

/** A container that holds a tree's lock, like an emerge or a sync. */
async function holdLock(volume: string, mode: '--shared' | '--exclusive') {
  const name = uniqueName('holder');
  const mount = ['-v', `${volume}:/tree:ro`];
  const script = 'exec 9</tree; flock "$0" 9; echo held; exec cat';
  const run = ['run', '--rm', '--interactive', '--name', name, ...mount, '--entrypoint', '/bin/bash', stage];
  const child = spawn('docker', [...run, '-c', script, mode], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  const own = (await rawDocker().getContainer(name).inspect()).Id;
  const waiting = async () => {
    const others = (await containersWith(volume)).filter((id) => id !== own);
    const lists = await Promise.all(others.map((id) => processesOf(id)));
    return lists.some((list) => / flock --timeout/.test(list));
  };
  const release = async () => {
    child.stdin.end();
    await closed;
  };
  // No event tells that a process waits.
  return {
    untilWaitedFor: () => expect.poll(waiting, { timeout: 300_000 }).toBe(true),
    release,
    [Symbol.asyncDispose]: release,
  };
}

async function processesOf(container: string): Promise<string> {
  const top = (await rawDocker()
    .getContainer(container)
    .top()
    .catch(() => undefined)) as { readonly Processes?: readonly (readonly string[])[] } | undefined;
  return (top?.Processes ?? []).map((words) => words.join(' ')).join('\n');
}
