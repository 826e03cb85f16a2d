import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBuildLog } from '../../../src/container/build-log.ts';
import { holdCommand } from '../../../src/container/container-scripts.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { openSession, type SessionRequest } from '../../../src/container/open-session.ts';
import type { ExecRequest } from '../../../src/engine/execs.ts';
import { proxySettings } from '../../../src/portage/proxy-settings.ts';
import { stopBuildContainer } from '../../../src/container/stop-build-container.ts';
import { createWorkspace } from '../../../src/container/workspace.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { baseName, BuildWorld } from '../builder/build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const log = createBuildLog(chooseMount('logs', undefined, undefined), '20260102T030405Z-0123');
const tree = { type: 'volume', source: 'gentoo-repository', target: '/usr/portage' } as const;

async function open(world: BuildWorld, parts: Partial<SessionRequest> = {}) {
  const workspace = await createWorkspace(world.context);
  const base = { name: baseName, image: await world.engine.inspectImage(baseName) };
  const request = { base, mounts: [tree], trees: ['/usr/portage'], log, subject: 'app-misc/hello', ...parts } as const;
  const session = await openSession(world.context, workspace, request);
  const [name, spec] = world.calls('createContainer')[0] ?? [];
  expect(name).toBe(workspace.volume);
  return { session, workspace, spec, base };
}

describe('the container of a session', () => {
  it('case 3.1: names 20,000 packages of its build in one argument of a command, which has at most 128 KiB', async () => {
    using world = new BuildWorld();
    const { session } = await open(world, { subject: 'app-misc/hello '.repeat(20_000) });
    expect(session.holder.length).toBeLessThan(2000);
    expect(session.holder).toContain('(app-misc/hello app-misc/hello ');
  });

  it('holds its image, its work volume and its mounts, and nothing that a commit would pass on', async () => {
    using world = new BuildWorld();
    const { spec, workspace, base } = await open(world);
    expect(spec).toEqual({
      image: base.image?.id,
      command: holdCommand(),
      mounts: [{ type: 'volume', source: workspace.volume, target: '/var/tmp/portage' }, tree],
      init: true,
      openStdin: true,
      keepLog: false,
    });
  });

  it.each([
    ['another machine', 'tcp://far:2376', undefined],
    ['another machine', 'ssh://far', undefined],
    ['a machine that a forwarded socket reaches', 'unix:///fake/docker.sock', true],
  ])('ends on %s (%s) when its standard input is silent', async (_, address, endsInSilence) => {
    using world = new BuildWorld();
    Object.assign(world.engine, { address });
    const { spec } = await open(world, endsInSilence === undefined ? {} : { endsInSilence });
    expect(spec).toMatchObject({ command: holdCommand(true) });
  });

  it.each([
    ['', undefined],
    ['1000:1000', '0'],
    ['portage', '0'],
  ])('case 2.10: runs process 1 of a base with the user %j as root', async (user, expected) => {
    using world = new BuildWorld();
    const image = world.engine.addImage('of-a-user', { user });
    const { spec } = await open(world, { base: { name: 'of-a-user', image } });
    expect((spec as { user?: string }).user).toBe(expected);
  });

  it('case 2.11: passes proxies to each process, and none to the container, which an image inherits', async () => {
    using world = new BuildWorld();
    const proxies = proxySettings({ http_proxy: 'http://proxy:3128', ALL_PROXY: 'socks5://proxy' });
    const workspace = await createWorkspace(world.context);
    const base = { name: baseName, image: await world.engine.inspectImage(baseName) };
    const request = { base, mounts: [tree], trees: ['/usr/portage'], log, subject: '' } as const;
    const session = await openSession({ ...world.context, proxies }, workspace, request);
    expect(JSON.stringify(world.calls('createContainer'))).not.toContain('proxy:3128');
    await session.run({ command: ['true'], environment: { A: 'b' } });
    await session.start({ command: ['true'] });
    await session.start({ command: ['true'], environment: { http_proxy: 'mine' } });
    const environments = [...world.calls('execAttached'), ...world.calls('execDetached')].map(
      ([, exec]) => (exec as ExecRequest).environment,
    );
    const passed = { http_proxy: 'http://proxy:3128' };
    expect(environments).toEqual([{ ...passed, A: 'b' }, passed, { http_proxy: 'mine' }]);
  });

  it('has the limits that are given', async () => {
    using world = new BuildWorld();
    expect((await open(world, { limits: { memory: 1024 ** 3, cpus: 2 } })).spec).toMatchObject({
      memory: 1024 ** 3,
      cpus: 2,
    });
  });

  it('has a tmpfs for packages, and the work volume inside it for its own files', async () => {
    using world = new BuildWorld();
    const tmpfs = { directory: '/var/tmp/portage', excluded: '/var/tmp/portage/own', size: 1024, bigPackages: [] };
    const { spec, workspace, session } = await open(world, { tmpfs });
    expect(spec).toMatchObject({
      mounts: [
        { type: 'tmpfs', source: 'size=1024,mode=0755', target: '/var/tmp/portage' },
        { type: 'volume', source: workspace.volume, target: '/var/tmp/portage/own' },
        tree,
      ],
    });
    expect(session.tmpfs).toEqual(tmpfs);
  });

  it('blanks the labels of compose that its base has, and no others', async () => {
    using world = new BuildWorld();
    const image = world.engine.addImage('composed', { labels: { 'com.docker.compose.service': 'x', other: 'y' } });
    const { spec } = await open(world, { base: { name: 'composed', image } });
    expect(spec).toMatchObject({ labels: { 'com.docker.compose.service': '' } });
    expect(spec).not.toHaveProperty(['labels', 'other']);
  });

  it('is kept alive by a byte every 1.5 seconds, until it is stopped', async () => {
    using world = new BuildWorld();
    const { session } = await open(world);
    const write = vi.spyOn(session.hold, 'write');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(write).toHaveBeenCalledTimes(10);
    expect(write).toHaveBeenLastCalledWith(Buffer.from('\n'));
    await passTime(stopBuildContainer(session));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(write).toHaveBeenCalledTimes(10);
  });
});

describe('a session', () => {
  it('knows its container, and starts commands in it', async () => {
    using world = new BuildWorld();
    const { session, workspace } = await open(world);
    expect(session).toMatchObject({ workspace, base: baseName, trees: ['/usr/portage'], log, currentJob: undefined });
    world.engine.onExec = (_container, { command }) => ({ stdout: command.join(' ') });
    expect(await session.run({ command: ['echo', 'a'] })).toMatchObject({ stdout: 'echo a', exitCode: 0 });
    expect(await session.start({ command: ['sleep'] })).toEqual(expect.any(String));
    expect(world.calls('execDetached')).toEqual([[session.id, { command: ['sleep'], environment: {} }]]);
  });

  it('tells why its container stopped, and nothing while it runs', async () => {
    using world = new BuildWorld();
    const { session } = await open(world);
    expect(await session.findLoss('build')).toBeUndefined();
    await world.engine.removeContainer(session.id);
    expect(await session.findLoss('build')).toMatchObject({ code: 'container-lost' });
  });
});
