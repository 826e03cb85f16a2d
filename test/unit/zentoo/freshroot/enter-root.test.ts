import { AllRegistered } from '../site-world.ts';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { enterRoot, type FreshRootRequest } from '../../../../src/zentoo/freshroot/enter-root.ts';
import { checkKeptName } from '../../../../src/zentoo/freshroot/keep-root.ts';
import { rootFingerprintLabel, inputsLabel, partitionLabel } from '../../../../src/zentoo/identity/labels.ts';
import { siteMounts } from '../../../../src/zentoo/run/site-mounts.ts';
import type { SiteRun } from '../../../../src/zentoo/run/site-run.ts';
import { tupleWork } from '../../../../src/zentoo/run/tuple-work.ts';
import { openTerminal } from '../../../../src/terminal/terminal.ts';
import { writeInputsLabel } from '../../../../src/plan/explain-difference.ts';
import type { Fingerprint } from '../../../../src/plan/fingerprint.ts';
import type { PackageSet, Tuple } from '../../../../src/site/site.ts';
import type { ExecRequest } from '../../../../src/engine/execs.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import type { ExecResult } from '../../../support/fake-engine/fake-engine-execs.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import type { FakeContainer } from '../../../support/fake-engine/fake-engine-state.ts';
import { branch, commits, packageSet, portageBranch, siteOf, tupleOf } from '../../plan/sites.ts';
import { BuildWorld, nothing } from '../../builder/build-world.ts';
import { playUnpacking } from '../../builder/fake-unpack.ts';

const partition = 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab';
const repository = { name: 'gentoo', location: '/var/db/repos/gentoo', syncType: 'git', syncUri: '', autoSync: true };
const tuple = tupleOf({ portage: { ...portageBranch('base', commits[0]), repositories: [repository] } });
const image = `zentoo/net/${tuple.name}:latest`;

const cross: Tuple = { ...tuple, cpu: { ...tuple.cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' }, cross: true };
const hooked = branch('hooked', commits[1], { buildmaster: '#!/bin/sh', compile: '#!/bin/sh', finish: '#!/bin/sh' });

interface Opening {
  readonly shell?: (container: FakeContainer) => ExecResult;
  /** With what the hooks end. */
  readonly hookStatus?: number;
  /** What Portage's settings lead to after a hook has run. */
  readonly changed?: string;
  readonly sets?: readonly PackageSet[];
}

/** A run for a site whose stage the engine has, with what a shell in it was told. */
function open({ shell = () => ({ exitCode: 4 }), hookStatus = 0, changed = partition, sets = [] }: Opening = {}) {
  const world = new BuildWorld();
  onTestFinished(() => world[Symbol.dispose]());
  const site = siteOf({ tuples: [tuple], sets, repositories: [{ ...repository, branches: ['base'] }] });
  const stage = world.engine.addImage('gentoo-ministage', { layers: ['sha256:below'] });
  const mounts = siteMounts(site, 'zentoo-net');
  const base = { name: 'gentoo-ministage', image: stage };
  const revisions = new Map([['gentoo', 'c0ffee']]);
  const workOf = (of: Tuple) => tupleWork({ site, stages: new Map([['ministage', base]]), revisions }, of);
  const run: SiteRun = {
    ...world.context,
    site,
    volumePrefix: 'zentoo-net',
    isRegistered: true,
    mounts,
    tuples: [],
    anyStage: base,
    images: new Map(),
    registered: new AllRegistered(world.engine),
    revisions,
    keepFailed: false,
    started: new Date(0),
    outputDirectory: '/srv/net/output',
  };
  let request: ExecRequest | undefined;
  let status = '';
  const hooks: ExecRequest[] = [];
  const settingsReads: ExecRequest[] = [];
  world.engine.onExec = async (container, exec, streams): Promise<ExecResult> => {
    const runs = (word: string) => exec.command.includes(word);
    if (runs('gentoo-builder-settings')) {
      settingsReads.push(exec);
      return { stdout: `1 2\0yes\0${hooks.length === 0 ? partition : changed}\0` };
    }
    if (runs('gentoo-builder-unpack')) return await playUnpacking(container, exec, streams);
    if (runs('zentoo-hook')) hooks.push(exec);
    if (runs('mkdir')) {
      const { files, path } = container.filesAt(exec.command.at(-1) ?? '');
      for (const [name, file] of fakeFiles({ [`${path}/`]: '' })) files.set(name, file);
    }
    if (runs('gentoo-builder-follow')) return { stderr: `ended ${hookStatus} 0\n` };
    if (runs('portageq')) return { stdout: '--ask --jobs=2\n' };
    if (runs('gentoo-builder-status')) return { stdout: status };
    if (!runs('gentoo-builder-shell')) return {};
    request = exec;
    const result = shell(container);
    status = `${result.exitCode ?? 0}\n`;
    return result;
  };
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const enter = (parts: Partial<FreshRootRequest> = {}) =>
    enterWith({
      root: { type: 'tuple', tuple },
      command: undefined,
      keep: undefined,
      terminal: openTerminal(streams, {}),
      ...parts,
    });
  const enterWith = (request: FreshRootRequest) => enterRoot({ ...run, tuples: [workOf(request.root.tuple)] }, request);
  /** An image on the stage, of these inputs. */
  const addImage = (name: string, { digest, inputs }: Fingerprint) =>
    world.engine.addImage(name, {
      layers: [...stage.layers, 'one more'],
      files: fakeFiles({ '/etc/portage/': '', '/usr/x86_64-pc-linux-musl/etc/portage/': '' }),
      labels: {
        [rootFingerprintLabel]: digest,
        [inputsLabel]: writeInputsLabel(inputs),
        [partitionLabel]: partition,
        'zentoo.tuple': tuple.name,
      },
    });
  const build = (of: Tuple = tuple) => addImage(image, workOf(of).fingerprint);
  const addBuildmaster = (of: Tuple = tuple) => {
    const { fingerprint } = workOf(of).buildmaster;
    return addImage(`zentoo/net/buildmaster:${of.cpu.name}-base-${fingerprint.digest.slice(0, 8)}`, fingerprint);
  };
  const told = () => hooks.map(({ environment = {} }) => environment);
  return {
    ...{ world, enter, build, addBuildmaster },
    ...{ shellRequest: () => request, hooks: told, settingsReads },
  };
}

/** The texts of the files below a directory of a container, which may be in a volume of its. */
function filesBelow(container: FakeContainer, directory: string): Readonly<Record<string, string>> {
  const { files, path: top } = container.filesAt(directory);
  const below = [...files].filter(([path, { kind }]) => kind === 'file' && path.startsWith(`${top}/`));
  return Object.fromEntries(below.map(([path, { data }]) => [path.slice(top.length + 1), data.toString()]));
}

describe('a fresh root', () => {
  it("of a tuple is a container of its image, with its store and its trees read-only, and the shell's status", async () => {
    const { world, enter, build, shellRequest } = open();
    const { id } = build();
    expect(await enter()).toBe(4);
    const [, spec] = world.calls('createContainer')[0] ?? [];
    expect(spec).toMatchObject({
      image: id,
      mounts: [
        { target: '/var/tmp/portage' },
        { source: expect.stringMatching(/^gentoo-builder-/) as string, target: '/var/cache/binpkgs' },
        { source: 'zentoo-net-repository-gentoo', target: '/var/db/repos/gentoo', readOnly: true },
        { source: 'zentoo-net-binpkgs', target: '/var/cache/binpkgs/.store', readOnly: true },
        { source: 'gentoo-distfiles', target: '/var/cache/distfiles', readOnly: false },
        { source: 'zentoo-net-metadata', target: '/var/cache/edb/dep', readOnly: true },
        { source: 'gentoo-logs', target: '/var/log/portage', readOnly: false },
      ],
    });
    const { command = [], environment = {}, workingDirectory } = shellRequest() ?? {};
    expect(command).toContain('zentoo-freshroot');
    expect(command.slice(-3)).toEqual(['/bin/bash', '--rcfile', '/var/tmp/portage/.gentoo-builder/shell/bashrc']);
    expect(workingDirectory).toBe('/root');
    expect(Object.keys(environment).toSorted()).toEqual([
      'CONFIG_PROTECT',
      'CONFIG_PROTECT_MASK',
      'DISTDIR',
      'EMERGE_DEFAULT_OPTS',
      'FEATURES',
      'PORTAGE_LOGDIR',
    ]);
    expect(environment['FEATURES']?.split(' ')).toEqual(
      expect.arrayContaining(['buildpkg', 'binpkg-multi-instance', '-binpkg-request-signature']),
    );
    expect(environment['EMERGE_DEFAULT_OPTS']).toBe('--ask --jobs=2 --usepkg=y --getbinpkg=n');
    expect(environment).toMatchObject({
      DISTDIR: '/var/cache/distfiles',
      PORTAGE_LOGDIR: expect.stringMatching(/^\/var\/log\/portage\/.+/) as string,
    });
    expect(world.messages('note').at(-1)).toBe(`entering ${image}; its packages are kept in ${partition}`);
    const asked = world.calls('execAttached').flatMap(([, request]) => {
      const { command } = request as ExecRequest;
      return command.includes('portageq') ? [command] : [];
    });
    expect(asked.map((command) => command.slice(command.indexOf('portageq')))).toEqual([
      ['portageq', 'envvar', 'EMERGE_DEFAULT_OPTS'],
    ]);
    expect(world.messages('warning')).toEqual(['the tree gentoo is at c0ffee, and site.lock has no revision of it']);
    expect(world.left).toEqual(nothing);
  });

  it('runs a command in place of a shell', async () => {
    const { enter, build, shellRequest } = open();
    build();
    await enter({ command: ['emerge', 'app-misc/hello'] });
    expect(shellRequest()?.command.slice(-3)).toEqual([
      '/var/tmp/portage/.gentoo-builder/shell/bin',
      'emerge',
      'app-misc/hello',
    ]);
  });

  it('puts an emerge and an ebuild into the work volume that hold the lock of the trees', async () => {
    let files: Readonly<Record<string, string>> = {};
    const { enter, build } = open({
      shell: (container) => {
        files = filesBelow(container, '/var/tmp/portage/.gentoo-builder/shell');
        return {};
      },
    });
    build();
    await enter();
    for (const name of ['emerge', 'ebuild']) {
      expect(files[`bin/${name}`]).toMatch(/^#!\/bin\/bash\n/);
      const words = (files[`words/${name}`] ?? '').split('\0');
      const shell = '/var/tmp/portage/.gentoo-builder/shell';
      expect(words.slice(0, 2)).toEqual(['/bin/sh', '-c']);
      expect(words.slice(words.indexOf('--shared'))).toEqual([
        ...[
          '--shared',
          '/var/db/repos/gentoo',
          '/var/log/portage/.trees',
          expect.stringMatching(/^gentoo-builder-[0-9a-f]{16} \(zentoo, site net: shell /) as string,
          `${shell}/lib/in-partition`,
          '/var/cache/binpkgs',
          partition,
          partition,
        ],
        ...[`${shell}/lib/ask-partition`, `/usr/bin/${name}`, ''],
      ]);
    }
    expect(files['words/ask-partition']).toMatch(/^python3\0-I\0-c\0/);
    expect(files['lib/in-partition']).toContain('PKGDIR');
  });

  it('is of the image that there is where that is out of date, with a warning that says why', async () => {
    const { world, enter, build } = open();
    const buildhooks = { ...tuple.buildhooks, commit: commits[3] };
    build({ ...tuple, portage: { ...tuple.portage, commit: commits[3] }, buildhooks });
    expect(await enter()).toBe(4);
    const moved = (name: string, now: string) => `the ${name} moved from ${'d'.repeat(10)} to ${now.repeat(10)}`;
    expect(world.events).toContainEqual({
      type: 'warning',
      message: `${image} is out of date: ${moved('buildhooks branch plain', 'b')}; ${moved('portage branch base', 'a')}`,
      hint: `zentoo build ${tuple.name}`,
    });
  });

  it('cannot be of a tuple that was never built', async () => {
    const { world, enter } = open();
    await expect(enter()).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to enter ${image}: the tuple has not been built`,
      hint: `zentoo build ${tuple.name}`,
    });
    expect(world.calls('createContainer')).toEqual([]);
  });

  it("of a stage is a container of that one's buildmaster, with the site's sets and those of its branch", async () => {
    let sets: Readonly<Record<string, string>> = {};
    const { world, enter, addBuildmaster, hooks, settingsReads } = open({
      sets: [packageSet('tools'), packageSet('games'), packageSet('own', [], 'app-misc/shared')],
      shell: (container) => {
        sets = filesBelow(container, '/etc/portage/sets');
        return { exitCode: 4 };
      },
    });
    const portage = { ...tuple.portage, sets: [packageSet('own', [], 'app-misc/own')] };
    const { id } = addBuildmaster();
    expect(await enter({ root: { type: 'stage', tuple: { ...tuple, portage } } })).toBe(4);
    const started = world.calls('startContainer').map(([of]) => of);
    expect(started).toHaveLength(1);
    expect(world.calls('createContainer').at(-1)?.[1]).toMatchObject({ image: id });
    expect(sets).toEqual({ tools: 'app-misc/tools\n', games: 'app-misc/games\n' });
    expect(hooks()).toEqual([]);
    expect(settingsReads[0]?.environment).toEqual({ FEATURES: 'pkgdir-index-trusted' });
    expect(world.left).toEqual(nothing);
  });

  it('is not entered where a repository has a set of the same name as the site', async () => {
    const { world, enter, addBuildmaster } = open({ sets: [packageSet('tools')] });
    world.addVolume('zentoo-net-repository-gentoo', {
      '/profiles/repo_name': 'gentoo\n',
      '/sets.conf': '[tools]\nclass = portage.sets.files.StaticFileSet\nfilename = sets/tools\n',
    });
    addBuildmaster();
    await expect(enter({ root: { type: 'stage', tuple } })).rejects.toThrow(
      /the ebuild repository gentoo has a set @tools as well/,
    );
    expect(world.calls('startContainer')).toEqual([]);
  });

  it('of a tuple that is cross is a container of its buildmaster, in the root that this compiles for', async () => {
    const root = '/usr/x86_64-pc-linux-musl';
    let sets: Readonly<Record<string, string>> = {};
    const { world, enter, addBuildmaster, shellRequest, settingsReads } = open({
      sets: [packageSet('games')],
      shell: (container) => {
        sets = filesBelow(container, `${root}/etc/portage/sets`);
        return { exitCode: 4 };
      },
    });
    const { id } = addBuildmaster(cross);
    expect(await enter({ root: { type: 'tuple', tuple: cross }, keep: 'mine' })).toBe(4);
    expect(world.calls('createContainer').at(-1)?.[1]).toMatchObject({ image: id });
    const place = { PORTAGE_CONFIGROOT: root, ROOT: root, SYSROOT: root };
    expect(shellRequest()).toMatchObject({ workingDirectory: root, environment: place });
    expect(shellRequest()?.environment?.['EMERGE_DEFAULT_OPTS']).toBe(
      '--ask --jobs=2 --usepkg=y --getbinpkg=n --buildpkg=y',
    );
    expect(settingsReads.map(({ environment }) => environment)).toEqual([
      { ...place, FEATURES: 'pkgdir-index-trusted' },
    ]);
    expect(sets).toEqual({ tools: 'app-misc/tools\n' });
    expect(world.messages('note').slice(-2)).toEqual([
      expect.stringMatching(/^entering .*; the tuple's root is \/usr\/x86_64-pc-linux-musl, and \/ is the stage's; /),
      `mine is the whole container: the tuple's root is ${root} in it`,
    ]);
    expect(await world.engine.inspectImage('mine:latest')).toMatchObject({ labels: { [rootFingerprintLabel]: '' } });
    expect(world.left).toEqual(nothing);
  });

  it.each([
    ['a tuple has the early hooks of its branch run', 'tuple', tuple, ['buildmaster', 'compile']],
    ['a tuple that is cross has the hook compile run', 'tuple', cross, ['compile']],
    ['a stage has the hook compile run, without a tuple', 'stage', tuple, ['compile']],
  ] as const)('of %s before the shell', async (_, type, of, expected) => {
    const { enter, build, addBuildmaster, shellRequest, hooks } = open();
    const withHooks = { ...of, buildhooks: hooked };
    if (expected.length === 1) addBuildmaster(withHooks);
    else build(withHooks);
    await enter({ root: { type, tuple: withHooks } });
    const shared = { ZENTOO_CPU: of.cpu.name, ZENTOO_ROOT: of.cross ? '/usr/x86_64-pc-linux-musl' : '/' };
    const own = { ZENTOO_TUPLE: tuple.name, ZENTOO_PACKAGES: 'tools' };
    expect(hooks()).toMatchObject(expected.map((hook) => ({ ZENTOO_HOOK: hook, ...shared })));
    const ofTuple = hooks().map((environment) => Object.keys(own).filter((key) => key in environment).length);
    expect(ofTuple).toEqual(expected.map((hook) => (hook === 'compile' && type === 'tuple' ? 2 : 0)));
    expect(shellRequest()).toBeDefined();
  });

  it('keeps packages that are compiled after a hook that changes the settings in the partition of a build', async () => {
    const changed = 'x86_64-pc-linux-gnu/x86-64/default-v2-fedcba987654';
    let emerge = '';
    const { enter, build } = open({
      changed,
      shell: (container) => {
        emerge = filesBelow(container, '/var/tmp/portage/.gentoo-builder/shell')['words/emerge'] ?? '';
        return {};
      },
    });
    const of = { ...tuple, buildhooks: hooked };
    build(of);
    await enter({ root: { type: 'tuple', tuple: of } });
    expect(emerge).toContain(`\0/var/cache/binpkgs\0${partition}\0${changed}\0`);
  });

  it('is not entered where a hook fails', async () => {
    const { world, enter, build, shellRequest } = open({ hookStatus: 3 });
    const of = { ...tuple, buildhooks: branch('hooked', commits[1], { compile: '#!/bin/sh' }) };
    build(of);
    await expect(enter({ root: { type: 'tuple', tuple: of }, keep: 'mine' })).rejects.toMatchObject({
      code: 'hook-failed',
      exitStatus: 52,
      message: 'failed to run the hook compile of the buildhooks branch hooked: it ended with 3',
    });
    expect(shellRequest()).toBeUndefined();
    expect(await world.engine.inspectImage('mine:latest')).toBeUndefined();
    expect(world.left).toEqual(nothing);
  });

  it('is committed after the shell, without the labels of an image that zentoo built', async () => {
    const { world, enter, build } = open();
    build();
    expect(await enter({ keep: 'mine' })).toBe(4);
    expect(await world.engine.inspectImage('mine:latest')).toMatchObject({
      labels: { 'zentoo.tuple': '', [rootFingerprintLabel]: '', [inputsLabel]: '', [partitionLabel]: partition },
    });
    expect(world.messages('note').filter((note) => note.includes('whole container'))).toEqual([]);
    expect(world.left).toEqual(nothing);
  });

  it('keeps the tag of the name that it is committed under, and the commit is a step', async () => {
    const { world, enter, build } = open();
    build();
    await enter({ keep: 'registry:5000/mine:v1' });
    expect(await world.engine.inspectImage('registry:5000/mine:v1')).toBeDefined();
    expect(world.events).toContainEqual({
      ...{ type: 'step-started', step: 'commit', task: tuple.name, detail: 'registry:5000/mine:v1' },
    });
  });

  it('is not kept if the engine refuses the commit, and the hint says where its packages are', async () => {
    const { world, enter, build } = open();
    build();
    world.engine.fault({ method: 'commitContainer', error: new EngineRefusal(500, 'broken') });
    await expect(enter({ keep: 'mine' })).rejects.toMatchObject({
      code: 'commit-failed',
      hint: 'run the command again: the packages that you merged are in the store',
    });
    expect(world.left).toEqual(nothing);
  });

  it('is not entered where the name that it is to be kept under is taken', async () => {
    const { world, enter, build } = open();
    build();
    world.engine.addImage('mine');
    await expect(enter({ keep: 'mine' })).rejects.toMatchObject({
      code: 'commit-failed',
      message: 'failed to keep the root as mine: an image of that name exists',
      hint: 'give it another name, or remove that image: docker rmi mine',
    });
    expect(world.calls('createContainer')).toEqual([]);
  });

  it('is not committed and is removed where the run is ended', async () => {
    const { world, enter, build } = open({
      shell: () => {
        world.aborter.abort(new Error('ended'));
        return {};
      },
    });
    build();
    await expect(enter({ keep: 'mine' })).rejects.toThrow('ended');
    expect(await world.engine.inspectImage('mine:latest')).toBeUndefined();
    expect(world.left).toEqual(nothing);
  });
});

describe('the name of a root that is kept', () => {
  it.each(['zentoo/net/x', 'docker.io/zentoo/net/x:1', 'index.docker.io/zentoo/net/x'])('is not %s', (name) => {
    expect(() => checkKeptName({ name: 'net' }, name)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `failed to keep the root as ${name}: names that begin with zentoo/net/ are reserved for zentoo build`,
        hint: 'give it another name: --keep NAME',
      }),
    );
  });

  it.each(['mine', 'zentoo/network/x', 'zentoo/other', 'localhost:5000/zentoo/net/x'])('may be %s', (name) => {
    expect(() => checkKeptName({ name: 'net' }, name)).not.toThrow();
  });
});
