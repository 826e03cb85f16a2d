import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { enterRoot, type FreshRootRequest } from '../../../../src/build/tuple/enter-root.ts';
import { checkKeptName } from '../../../../src/build/tuple/keep-root.ts';
import { fingerprintLabel, inputsLabel, partitionLabel } from '../../../../src/build/tuple/labels.ts';
import { siteMounts } from '../../../../src/build/tuple/site-mounts.ts';
import type { SiteRun } from '../../../../src/build/tuple/site-run.ts';
import { surroundingsOf } from '../../../../src/build/tuple/surroundings.ts';
import { openTerminal } from '../../../../src/build/terminal.ts';
import { writeInputsLabel } from '../../../../src/plan/explain-difference.ts';
import { fingerprintBuildmaster, fingerprintTuple, type Fingerprint } from '../../../../src/plan/fingerprint.ts';
import type { Tuple } from '../../../../src/site/site.ts';
import type { ExecRequest } from '../../../../src/engine/engine.ts';
import type { ExecResult } from '../../../support/fake-engine-execs.ts';
import { commits, portageBranch, siteOf, tupleOf } from '../../plan/sites.ts';
import { BuildWorld, nothing } from '../build-world.ts';

const partition = 'x86_64-pc-linux-gnu/x86-64/default-0123456789ab';
const repository = { name: 'gentoo', location: '/var/db/repos/gentoo', syncType: 'git', syncUri: '', autoSync: true };
const tuple = tupleOf({ portage: { ...portageBranch('base', commits[0]), repositories: [repository] } });
const image = `zentoo/net/${tuple.name}:latest`;

/** A run for a site whose stage the engine has, with what a shell in it was told. */
function open({ shell = () => ({ exitCode: 4 }) }: { shell?: () => ExecResult } = {}) {
  const world = new BuildWorld();
  onTestFinished(() => world[Symbol.dispose]());
  const site = siteOf({ tuples: [tuple], repositories: [{ ...repository, branches: ['base'] }] });
  const stage = world.engine.addImage('gentoo-ministage');
  const mounts = siteMounts(site);
  const run: SiteRun = {
    ...world.context,
    site,
    mounts,
    stages: new Map([['ministage', { name: 'gentoo-ministage', image: stage }]]),
    revisions: new Map([['gentoo', 'c0ffee']]),
    keepFailed: false,
    started: new Date(0),
    outputDirectory: '/srv/net/output',
  };
  let request: ExecRequest | undefined;
  let status = '';
  world.engine.onExec = (_, exec): ExecResult => {
    const runs = (word: string) => exec.command.includes(word);
    if (runs('gentoo-builder-settings')) return { stdout: `1 2\0yes\0${partition}\0` };
    if (runs('portageq')) return { stdout: '--ask --jobs=2\n' };
    if (runs('gentoo-builder-status')) return { stdout: status };
    if (!runs('gentoo-builder-shell')) return {};
    request = exec;
    const result = shell();
    status = `${result.exitCode ?? 0}\n`;
    return result;
  };
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const enter = (parts: Partial<FreshRootRequest> = {}) =>
    enterRoot(run, {
      root: { type: 'tuple', tuple },
      command: undefined,
      keep: undefined,
      terminal: openTerminal(streams, {}),
      ...parts,
    });
  /** An image on the stage, of these inputs. */
  const addImage = (name: string, { digest, inputs }: Fingerprint) =>
    world.engine.addImage(name, {
      layers: [...stage.layers, 'one more'],
      labels: {
        [fingerprintLabel]: digest,
        [inputsLabel]: writeInputsLabel(inputs),
        [partitionLabel]: partition,
        'zentoo.tuple': tuple.name,
      },
    });
  const build = (of: Tuple = tuple) => addImage(image, fingerprintTuple(site, of, surroundingsOf(run, of)));
  return { world, run, enter, build, addImage, shellRequest: () => request };
}

describe('a fresh root', () => {
  it("of a tuple is a container of its image, with the store writable and the trees not, and the shell's status", async () => {
    const { world, enter, build, shellRequest } = open();
    const { id } = build();
    expect(await enter()).toBe(4);
    const [, spec] = world.calls('createContainer')[0] ?? [];
    expect(spec).toMatchObject({
      image: id,
      mounts: [
        { target: '/var/tmp/portage' },
        { source: 'zentoo-net-repository-gentoo', target: '/var/db/repos/gentoo', readOnly: true },
        { source: 'zentoo-net-binpkgs', target: '/var/cache/binpkgs', readOnly: false },
        { source: 'gentoo-distfiles', target: '/var/cache/distfiles', readOnly: false },
        { source: 'gentoo-logs', target: '/var/log/portage', readOnly: false },
      ],
    });
    const { command = [], environment = {}, workingDirectory } = shellRequest() ?? {};
    expect(command.slice(-3)).toEqual(['/bin/bash', '--rcfile', '/var/tmp/portage/.gentoo-builder/shell/bashrc']);
    expect(workingDirectory).toBe('/root');
    expect(Object.keys(environment).toSorted()).toEqual([
      'DISTDIR',
      'EMERGE_DEFAULT_OPTS',
      'FEATURES',
      'PORTAGE_LOGDIR',
    ]);
    expect(environment['FEATURES']?.split(' ')).toEqual(expect.arrayContaining(['buildpkg', 'binpkg-multi-instance']));
    expect(environment['EMERGE_DEFAULT_OPTS']).toBe('--ask --jobs=2 --usepkg=y --getbinpkg=n --binpkg-respect-use=y');
    expect(world.messages('warning')).toEqual(['the tree gentoo is at c0ffee, and site.lock says nothing of it']);
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
    let files = new Map<string, string>();
    const { world, enter, build } = open({
      shell: () => {
        const [container] = world.engine.containers.values();
        const volume = container?.mounts.find(({ target }) => target === '/var/tmp/portage')?.volume;
        files = new Map([...(volume?.files ?? [])].map(([path, { data }]) => [path, data.toString()]));
        return {};
      },
    });
    build();
    await enter();
    for (const name of ['emerge', 'ebuild']) {
      const text = files.get(`/.gentoo-builder/shell/bin/${name}`) ?? '';
      expect(text).toMatch(/^#!\/bin\/sh\nexec '\/bin\/sh' '-c' '/);
      expect(text).toMatch(
        new RegExp(
          `'--shared' '/var/db/repos/gentoo' '/var/tmp/portage/.gentoo-builder/shell/in-partition' '/usr/bin/${name}' "\\$@"\n$`,
        ),
      );
    }
    expect(files.get('/.gentoo-builder/shell/in-partition')).toContain(`!= "${partition}"`);
  });

  it('is of the image that there is where that is out of date, with a warning that says why', async () => {
    const { world, enter, build } = open();
    build({ ...tuple, portage: { ...tuple.portage, commit: commits[3] } });
    expect(await enter()).toBe(4);
    expect(world.events).toContainEqual({
      type: 'warning',
      message: `${image} is out of date: the portage branch base moved from ${'d'.repeat(10)} to ${'a'.repeat(10)}`,
      hint: `zentoo build ${tuple.name}`,
    });
  });

  it.each([
    ['was never built', tuple, 'the tuple has not been built'],
    ['has no Portage of its own', { ...tuple, cross: true }, 'it was compiled by another system and has no Portage'],
  ])('cannot be of a tuple that %s', async (_, of, why) => {
    const { world, enter } = open();
    await expect(enter({ root: { type: 'tuple', tuple: of } })).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to enter ${image}: ${why}`,
    });
    expect(world.calls('createContainer')).toEqual([]);
  });

  it("of a stage is a container of that one's buildmaster", async () => {
    const { world, run, enter, addImage } = open();
    const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
    const { id } = addImage(`zentoo/net/buildmaster:x86-64-base-${fingerprint.digest.slice(0, 8)}`, fingerprint);
    expect(await enter({ root: { type: 'stage', tuple } })).toBe(4);
    expect(world.calls('createContainer')[0]?.[1]).toMatchObject({ image: id });
    expect(world.calls('createContainer')).toHaveLength(1);
  });

  it('is committed after the shell, with no label that would make it pass for what was built', async () => {
    const { world, enter, build } = open();
    build();
    expect(await enter({ keep: 'mine' })).toBe(4);
    expect(await world.engine.inspectImage('mine:latest')).toMatchObject({
      labels: { 'zentoo.tuple': '', [fingerprintLabel]: '', [inputsLabel]: '', [partitionLabel]: partition },
    });
    expect(world.left).toEqual(nothing);
  });

  it('is not entered where the name that it is to be kept under is taken', async () => {
    const { world, enter, build } = open();
    build();
    world.engine.addImage('mine');
    await expect(enter({ keep: 'mine' })).rejects.toMatchObject({ code: 'commit-failed' });
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
      /names that begin with zentoo\/net\/ are for what is built/,
    );
  });

  it.each(['mine', 'zentoo/network/x', 'zentoo/other', 'localhost:5000/zentoo/net/x'])('may be %s', (name) => {
    expect(() => checkKeptName({ name: 'net' }, name)).not.toThrow();
  });
});
