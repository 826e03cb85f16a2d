import { describe, expect } from 'vitest';
import { borrowVolumes, runBase } from '../support/real-engine/base-container.ts';
import { it } from '../support/builder.ts';

const compiled = '>>> Emerging (1 of 1) app-misc/motto-1.1';
const reused = '>>> Emerging binary (1 of 1) app-misc/motto-1.1';
const find = "find x86* -name 'motto*.gpkg.tar'";
/** 64 bytes in the middle of the package, with the size and the time of before. */
const damage = `path=$(${find}); touch -r $path /tmp/time; head -c 64 /dev/urandom |
  dd of=$path bs=1 seek=$(($(stat -c %s $path) / 2)) conv=notrunc 2>/dev/null; touch -r /tmp/time $path`;

/** Records the files of the partition as whole, as if the damage had happened without a change of their status. */
const unnoticed = `python3 -c '
import glob, json, os
[path] = glob.glob("x86*/*/*/.checked")
with open(path) as file: checked = json.load(file)
for name in checked["packages"]:
    at = os.lstat(os.path.join(os.path.dirname(path), name))
    checked["packages"][name] = f"{at.st_size} {at.st_mtime_ns} {at.st_ctime_ns}"
with open(path, "w") as file: json.dump(checked, file)'`;

describe('the binary packages of gentoo-base', () => {
  it('cases 1.2 and 1.3: are checked: a damaged and a missing one are named and compiled again, once', async ({
    builder,
  }) => {
    const docker = borrowVolumes(builder);
    const readOnly = docker.map((option) => option.replace(/:\/var\/cache\/binpkgs$/, '$&:ro'));
    const build = (env = {}, mounts = docker) =>
      runBase(builder, { docker: mounts, env: { PKGS: 'app-misc/motto', ...env } });
    const inStore = async (script: string) => {
      const command = ['sh', '-ec', `cd /var/cache/binpkgs; ${script}`];
      return (await runBase(builder, { docker, command })).stdout.trim();
    };
    expect((await build({ SYNC: '1' })).stdout).toContain(compiled);

    await inStore(damage);
    const unusable = await build({}, readOnly);
    expect([unusable.status, unusable.stdout]).toEqual([0, expect.stringContaining(compiled)]);
    expect(unusable.stderr).toContain('the binary package app-misc/motto/motto-1.1-1.gpkg.tar is not used: it');
    expect(unusable.stderr).toContain('hint: mount the store without :ro, once');

    const damaged = await build();
    expect([damaged.status, damaged.stdout]).toEqual([0, expect.stringContaining(compiled)]);
    expect(damaged.stderr).toContain('the binary package app-misc/motto/motto-1.1-1.gpkg.tar is not used: it');
    expect(damaged.stderr).toContain(
      'hint: its package is compiled again; the file is in the store: quarantine/x86_64',
    );
    expect(await inStore("cd quarantine; find . -name 'motto*.gpkg.tar' | wc -l")).toBe('1');
    const again = await build();
    expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining(reused) as string });
    expect(again.stderr).not.toContain('is not used');

    await inStore(`${damage}\n${unnoticed}`);
    const withoutStore = await build({}, readOnly);
    expect([withoutStore.status, withoutStore.stdout]).toEqual([0, expect.stringContaining(compiled)]);
    expect(withoutStore.stderr).toContain('hint: mount the store without :ro, once');
    const repeated = await build();
    expect(repeated).toMatchObject({ status: 0, stdout: expect.stringContaining(reused) as string });
    expect(repeated.stdout).toContain(compiled);
    expect(repeated.stderr).toContain('gentoo-base: a binary package is damaged; compiling it instead');
    expect(await inStore("cd quarantine; find . -type f -name 'motto*' ! -name '*.why' | wc -l")).toBe('2');

    await inStore(`rm $(${find})`);
    const missing = await build();
    expect([missing.status, missing.stdout]).toEqual([0, expect.stringContaining(compiled)]);
    expect(missing.stderr).toContain('is in Packages, but the file is missing');
    expect((await build({}, readOnly)).stdout).toContain(reused);
  });

  it('case 1.4: need no signature, though make.conf asks for signatures', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    const env = { PKGS: 'app-misc/motto' };
    expect((await runBase(builder, { docker, env: { ...env, SYNC: '1' } })).stdout).toContain(compiled);
    const features = `RUN echo 'FEATURES="binpkg-request-signature"' >>/etc/portage/make.conf`;
    const image = await builder.makeImage('gentoo-base', features);
    for (const asking of [env, { ...env, FEATURES: 'binpkg-request-signature' }]) {
      const built = await runBase(builder, { image, docker, env: asking });
      expect([built.status, built.stdout]).toEqual([0, expect.stringContaining(reused)]);
      expect(built.stderr).not.toContain('is not used');
    }
    const command = ['sh', '-c', "find /var/cache/binpkgs -name 'motto*.gpkg.tar'"];
    expect((await runBase(builder, { docker, command })).stdout).not.toContain('quarantine');
    // A remote host's packages are asked for with their signatures, and so are these.
    const remote = { ...env, EMERGE_DEFAULT_OPTS: '--getbinpkg' };
    const unused = await runBase(builder, { image, docker, env: remote });
    expect(unused.stdout).toContain(compiled);
    expect(unused.stderr).toContain('the binary packages of the store are not used: FEATURES has binpkg-request');
  });
});
