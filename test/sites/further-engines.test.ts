import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecondEngine } from '../support/real-engine/second-engine.ts';
import { heldEbuild, holding, spoiling, spoiltEbuild, writeEbuild } from '../support/fault-packages.ts';
import { packageContents } from '../support/package-contents.ts';
import { EngineProxy } from '../support/proxy.ts';
import { must } from '../support/run-program.ts';
import {
  faultsConf,
  makeTrees,
  siteYaml,
  ZentooSite,
  type BuildOutcome,
  type SharedTrees,
} from '../support/zentoo-site.ts';

const sets = {
  a: 'app-misc/greet app-misc/motto',
  b: 'app-misc/timepiece:1 app-misc/timepiece:2',
  c: 'virtual/greeter app-misc/motto',
} as const;

describe('zentoo build on three engines, two of which have no route but their sockets', () => {
  const sites = [new ZentooSite('three'), new ZentooSite('alone')] as const;
  const [three, alone] = sites;
  let trees: SharedTrees & AsyncDisposable;
  let engines: readonly SecondEngine[];
  let built: BuildOutcome;
  const options = () => ['--jobs', '1', ...engines.flatMap(({ address }) => ['--engine', address])];

  beforeAll(async () => {
    trees = await makeTrees();
    const held = ['held-a', 'held-b', 'held-c', 'held-d'].map((name) => [name, heldEbuild] as const);
    const spoilt = ['spoilt-a', 'spoilt-b'].map((name) => [name, spoiltEbuild] as const);
    for (const [name, text] of [...held, ...spoilt]) {
      await writeEbuild(trees, name, text);
    }
    engines = [await SecondEngine.open('3G'), await SecondEngine.open('3G')];
    for (const site of sites) {
      site.write('site.yaml', siteYaml(site, trees));
      site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
      site.write(
        'config/tuples',
        Object.keys(sets)
          .map((set) => `plain-base-plain-${set}`)
          .join('\n'),
      );
      for (const [set, atoms] of Object.entries(sets)) site.write(`config/sets/${set}`, atoms.replaceAll(' ', '\n'));
    }
    built = await three.build(options());
  });
  afterAll(async () => {
    for (const engine of engines) await engine[Symbol.asyncDispose]();
    for (const site of sites) await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('builds every tuple, and compiles packages on each engine', () => {
    expect([built.status, [...built.tuples.values()].map(({ type }) => type)], built.stderr).toEqual([
      0,
      ['built', 'built', 'built'],
    ]);
    for (const { socket } of engines) expect(built.stderr).toContain(`@${socket}: compile`);
  });

  it('makes packages with the contents of those that one engine compiles', async () => {
    const { status, stderr } = await alone.build();
    expect(status, stderr).toBe(0);
    const expected = await alone.inStore(packageContents);
    expect(expected).toContain('usr/bin/greet');
    expect(await three.inStore(packageContents)).toBe(expected);
  });

  const expectCopiesOnly = async () => {
    for (const { docker } of engines) {
      expect(await docker.listContainers({ all: true })).toEqual([]);
      const { Volumes } = await docker.listVolumes();
      const names = Volumes.map(({ Name }) => Name.replace(/[0-9a-f]{12}/, 'ID').replace(three.id, 'SITE'));
      expect(new Set(names.map((name) => name.replace(/^zentoo-.+-copy-/, '')))).toEqual(
        new Set(['gentoo-logs', 'image-ID', 'tree-ID', 'tree-ID-whole']),
      );
    }
  };

  it('leaves images and trees there for the next build, and nothing else', expectCopiesOnly);

  /** Calls a program on a file among the logs of an engine. */
  const callInLogs = async ({ address, docker }: SecondEngine, called: string, file = holding) => {
    const [image] = await docker.listImages();
    await must('docker', [
      ...['--host', address, 'run', '--rm', '-v', 'gentoo-logs:/log', '--entrypoint', called],
      ...[image?.Id ?? '', `/log/${file}`],
    ]);
  };
  const faultIndex = () => three.inStore("grep -h '^CPV: test-fault/' /var/cache/binpkgs/*/plain/*/Packages | sort");

  it('refuses a package of another CHOST and one that was not planned, names them, and compiles the planned one elsewhere', async () => {
    const [far] = engines;
    if (far === undefined) return expect.fail('there is no further engine');
    await callInLogs(far, 'touch', spoiling);
    three.write('config/sets/spoilt', 'test-fault/spoilt-a\ntest-fault/spoilt-b');
    three.write('config/tuples', 'plain-base-plain-spoilt');
    const { status, stderr } = await three.build(['--jobs', '1', '--engine', far.address]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('refused the new package app-evil/evil/evil-1-1.gpkg.tar: it was not planned');
    expect(stderr).toMatch(
      /made another package than test-fault\/spoilt-.-1, which is compiled elsewhere: .*: its CHOST is x86_64-alien-linux-gnu, and here it is x86_64-pc-linux-gnu/,
    );
    expect(await faultIndex()).toBe('CPV: test-fault/spoilt-a-1\nCPV: test-fault/spoilt-b-1\n');
    await callInLogs(far, 'rm', spoiling);
  });

  it('compiles a package elsewhere after the work order has ended by itself on a machine that was cut off', async () => {
    const [far] = engines;
    if (far === undefined) return expect.fail('there is no further engine');
    await using cable = await EngineProxy.open({}, far.socket);
    await callInLogs(far, 'touch');
    three.write('config/sets/held', 'test-fault/held-c\ntest-fault/held-d');
    three.write('config/tuples', 'plain-base-plain-held');
    const running = three.start(['build', '--jobs', '1', '--engine', cable.address]);
    await running.said(new RegExp(`@${cable.socketPath}\\b.*Emerging .*test-fault/held-`));
    const [container] = await far.docker.listContainers({ filters: { name: ['gentoo-builder-'] } });
    const ended = far.docker.getContainer(container?.Id ?? '').wait();
    let isLost = false;
    const lost = running.said(/was lost with/).then(() => (isLost = true));
    // No byte passes any more, and no connection ends.
    cable.rules.hold = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE'].map((method) => ({ method, path: /./ }));
    cable.freeze();
    await ended;
    expect(isLost).toBe(false);
    await lost;
    const { status, stderr } = await running.outcome;
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/was lost with test-fault\/held-\S+, which is compiled elsewhere now: .* for 20 s$/m);
    expect(await faultIndex()).toMatch(/^CPV: test-fault\/held-c-1\nCPV: test-fault\/held-d-1\n/);
    await callInLogs(far, 'rm');
  });

  it('compiles a package elsewhere if its engine is killed meanwhile, and the next build removes what is left there', async () => {
    const [far] = engines;
    if (far === undefined) return expect.fail('there is no further engine');
    await callInLogs(far, 'touch');
    three.write('config/sets/held', 'test-fault/held-a\ntest-fault/held-b');
    three.write('config/tuples', 'plain-base-plain-held');
    const running = three.start(['build', '--jobs', '1', '--engine', far.address]);
    await running.said(new RegExp(`@${far.socket}\\b.*Emerging .*test-fault/held-`));
    await far.kill();
    const { status, stderr } = await running.outcome;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`the engine ${far.socket} was lost with test-fault/held-`);
    expect(await faultIndex()).toMatch(
      /^CPV: test-fault\/held-a-1\nCPV: test-fault\/held-b-1\nCPV: test-fault\/held-c/,
    );

    await far.start();
    await callInLogs(far, 'rm');
    three.write('config/sets/held', 'test-fault/held-a');
    const next = await three.build(options());
    expect(next.status, next.stderr).toBe(0);
    await expectCopiesOnly();
  });
});
