import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gone } from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { runProgram } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

/** One native and one cross tuple, built several times; the tests run in order. */
describe('zentoo build of a site that has been built', () => {
  const site = new ZentooSite('incremental');
  const mine = uniqueName('image');
  const native = 'plain-base-plain-clock';
  const musl = 'musl-musl-plain-motto';
  let trees: SharedTrees & AsyncDisposable;
  let proxy: EngineProxy;
  const build = async (...args: string[]) => {
    proxy.requests.length = 0;
    const outcome = await site.build(args, { DOCKER_HOST: proxy.address });
    const types = Object.fromEntries([...outcome.tuples.values()].map(({ name, type }) => [name, type]));
    const started = proxy.requests.filter((request) => /^POST \S*\/containers\/\w+\/start$/.test(request)).length;
    return {
      ...outcome,
      types,
      started,
      compiled: outcome.stderr.match(/(?<=^(?:\S+ \| )?)>>> Emerging \(.*/gm) ?? [],
    };
  };

  beforeAll(async () => {
    trees = await makeTrees();
    proxy = await EngineProxy.open();
    site.write(
      'site.yaml',
      siteYaml(
        site,
        { gentoo: trees.gentoo },
        {
          cpus: { plain: '-O1 -pipe' },
          stages: '{ ministage: { image: gentoo-ministage, optimize: system } }',
          more: `tuples:
  - { cpu: musl, portage: musl, buildhooks: plain, packages: motto, cross: true, outputs: [image, archive] }
`,
        },
      ).replace('stages:', '  musl: { CHOST: x86_64-pc-linux-musl, CFLAGS: -O2 }\nstages:'),
    );
    site.write('config/tuples', `${native}\n`);
    site.write('config/sets/clock', 'app-misc/timepiece:2\n');
    site.write('config/sets/motto', 'app-misc/motto\n');
    site.branch('buildhooks', 'plain', { finish: '#!/bin/sh\necho "root $ZENTOO_ROOT"\n' });
  });
  afterAll(async () => {
    await gone(rawDocker().getImage(mine).remove());
    await proxy[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('refuses a directory for archives that is not writable, before anything is started', async () => {
    const file = join(site.path, 'a-file');
    writeFileSync(file, '');
    const { status, stderr, started } = await build('--output-dir', file);
    expect([status, started], stderr).toEqual([18, 0]);
    expect(stderr).toContain(`zentoo: failed to write archives to ${file}: `);
  });

  it('makes images and archives; a cross build’s hook knows its root, and @system has the flags of its CPU', async () => {
    const { status, stderr, types, tuples } = await build();
    expect(status, stderr).toBe(0);
    expect(types).toEqual({ [native]: 'built', [musl]: 'built' });
    expect(stderr).toMatch(/\| root \/usr\/x86_64-pc-linux-musl$/m);
    expect(tuples.get(musl)?.archive).toBe(join(site.path, 'output', `${musl}.tar.zst`));
    expect(await inContainer(`zentoo/${site.name}/${native}`, 'cat /var/db/pkg/*/*/CFLAGS')).toBe(
      '-O1 -pipe\n'.repeat(3),
    );
    expect(stderr.match(/^\S+buildmaster:plain-base\S+ \| >>> Emerging \(.*?sys-apps\S+/gm)).toHaveLength(2);
    expect(stderr).not.toMatch(/^plain-base\S* \| >>> Emerging \(.*sys-apps/m);
    // No image contains data of this machine or of the time of the build.
    const maker = (await site.images()).find((name) => name.startsWith('buildmaster:plain-base-')) ?? '';
    const settings = await inContainer(`zentoo/${site.name}/${maker}`, 'cat /etc/portage/make.conf');
    expect(settings).toContain('PKGDIR=');
    expect(settings).not.toContain('MAKEOPTS');
    expect(await site.images()).toEqual([
      expect.stringMatching(/^buildmaster:musl-musl-[0-9a-f]{8}$/),
      expect.stringMatching(/^buildmaster:plain-base-[0-9a-f]{8}$/),
      `${musl}:latest`,
      `${native}:latest`,
    ]);
  });

  it('makes a cross root in which every program has the loader of musl, and that has no loader of glibc', async () => {
    const listElf = readFileSync(new URL('../support/list-elf.py', import.meta.url), 'utf8');
    const script = `id=$(docker create "$1" none) && docker export "$id" |
      docker run --rm -i --entrypoint /bin/sh gentoo-ministage -c '
        mkdir /root/look && tar -C /root/look -x && python3 -I -c "$1" /root/look && find /root/look -name "ld-*" >&2' sh "$2"
      status=$?; docker rm "$id" >/dev/null; exit "$status"`;
    const image = `zentoo/${site.name}/${musl}`;
    const { status, stdout, stderr } = await runProgram('bash', ['-c', script, 'sh', image, listElf]);
    expect(status, stderr).toBe(0);
    const programs = stdout.split('\n').filter((line) => line.startsWith('/usr/bin/'));
    expect(programs.map((line) => line.split(' ').slice(0, 2).join(' ')).toSorted()).toEqual(
      ['motto', 'say-no', 'say-yes', 'stage-info'].map((name) => `/usr/bin/${name} /lib/ld-musl-x86_64.so.1`),
    );
    expect(stdout).not.toMatch(/ld-linux|libc\.so\.6/);
    expect(stderr).toBe('/root/look/lib/ld-musl-x86_64.so.1\n');
  });

  it('starts no container if nothing has changed', async () => {
    const before = await Promise.all((await site.images()).map((name) => idOf(`zentoo/${site.name}/${name}`)));
    const { status, types, started } = await build();
    expect([status, started]).toEqual([0, 0]);
    expect(types).toEqual({ [native]: 'unchanged', [musl]: 'unchanged' });
    const after = await Promise.all((await site.images()).map((name) => idOf(`zentoo/${site.name}/${name}`)));
    expect(after).toEqual(before);
  });

  it('builds only the tuples whose set changed and compiles only new packages; the former image keeps a name that a user gave it', async () => {
    const before = await idOf(`zentoo/${site.name}/${native}`);
    await rawDocker().getImage(`zentoo/${site.name}/${native}`).tag({ repo: mine });
    site.write('config/sets/clock', 'app-misc/timepiece:2\napp-misc/timepiece:1\n');
    const { types, compiled } = await build();
    expect(types).toEqual({ [native]: 'built', [musl]: 'unchanged' });
    expect(compiled).toEqual([expect.stringContaining('app-misc/timepiece-1.1')]);
    expect(await idOf(mine)).toBe(before);
    expect(await idOf(`zentoo/${site.name}/${native}`)).not.toBe(before);
  });

  it('makes only the missing archive, and compiles nothing', async () => {
    const archive = join(site.path, 'elsewhere');
    const one = await build('--output', 'archive', '--output-dir', archive, musl);
    expect(one.types).toEqual({ [musl]: 'built' });
    expect(one.tuples.get(musl)?.archive).toBe(join(archive, `${musl}.tar.zst`));
    expect(existsSync(join(archive, `${musl}.manifest.json`))).toBe(true);
    expect(one.compiled).toEqual([]);
    expect(one.stderr).not.toMatch(/: commit /);
    expect((await build('--output', 'image')).started).toBe(0);
  });

  it('makes a removed image again, and compiles nothing', async () => {
    await rawDocker().getImage(`zentoo/${site.name}/${native}`).remove();
    const { types, compiled } = await build();
    expect(types).toEqual({ [native]: 'built', [musl]: 'unchanged' });
    expect(compiled).toEqual([]);
  });

  it('builds the tuples of a tree that has moved, and warns that site.lock has another revision', async () => {
    expect(await site.run(['sync'])).toMatchObject({ status: 0 });
    const move = `cd /var/db/repos/gentoo && git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m moved && git rev-parse HEAD`;
    const moved = await inContainer('gentoo-ministage', move, ['-v', `${trees.gentoo}:/var/db/repos/gentoo`]);
    const { types, compiled, stderr } = await build(native);
    expect(types).toEqual({ [native]: 'built' });
    expect(compiled).toEqual([]);
    expect(stderr).toContain(`warning: the tree gentoo is at ${moved.slice(0, 10)}, and site.lock has `);
  });
});

async function idOf(image: string): Promise<string> {
  return (await rawDocker().getImage(image).inspect()).Id;
}
