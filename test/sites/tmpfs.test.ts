import { rawDocker } from '../support/real-engine/real-engine.ts';
import { writeEbuild } from '../support/fault-packages.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsConf, inContainer, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

/** Writes more than a small tmpfs can hold, and installs the name of the file system that it wrote to. */
const ebuild = (mebibytes: number) => `EAPI=8
DESCRIPTION="Writes \${P} and installs what its file system is"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_compile() { head -c ${mebibytes}M /dev/zero >big || die "and here it ends"; }
src_install() { stat -f -c %T "\${WORKDIR}" >\${PN} && insinto /usr/share/built-on && doins \${PN}; }
`;

describe('zentoo build of packages on a tmpfs', () => {
  const site = new ZentooSite('tmpfs');
  const tuple = 'plain-base-told-both';
  let trees: SharedTrees & AsyncDisposable;
  const configure = (more: string) => site.write('site.yaml', siteYaml(site, trees, { more: `tmpfs: 24M\n${more}` }));

  beforeAll(async () => {
    trees = await makeTrees();
    const names = { large: ebuild(40), small: ebuild(1) };
    for (const [name, text] of Object.entries(names)) await writeEbuild(trees, name, `${text}\n`);
    site.write('config/tuples', `${tuple}\n`);
    site.write('config/sets/both', 'test-fault/small\ntest-fault/large\n');
    site.branch('portage', 'base', {
      'repos.conf/faults.conf': faultsConf,
      'package.env/some': 'app-misc/greet other\n',
      'env/other': 'CFLAGS="-O1"\n',
    });
    // zentoo writes a hook's files into the container of a root that it commits.
    site.branch('buildhooks', 'told', { assemble: '#!/bin/sh\n[ "$(stat -f -c %T /var/tmp/portage)" = tmpfs ]\n' });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('builds a package that is too big for the tmpfs on a volume with a warning, and at once if big-packages names it', async () => {
    configure('');
    const first = await site.build();
    expect(first.status, first.stderr).toBe(0);
    expect(first.stderr).toMatch(
      /^warning: failed to emerge test-fault\/large-1: no space left on device at .*: packages are built on a tmpfs of 24 MiB at \/var\/tmp\/portage; building it on a volume instead$/m,
    );
    const line =
      /by this line below limits: in site\.yaml: (big-packages: .+?); or build all packages on a volume/.exec(
        first.stderr,
      )?.[1];
    expect(line).toBe('big-packages: [test-fault/large]');
    expect(first.stderr.match(/>>> Emerging \(1 of 1\) test-fault\/large/g)).toHaveLength(2);
    await site.inStore('rm -r /var/cache/binpkgs/*/plain/*/test-fault/large');
    await rawDocker().getImage(`zentoo/${site.name}/${tuple}`).remove();

    configure(`limits:\n  ${line}\n`);
    const second = await site.build();
    expect(second.status, second.stderr).toBe(0);
    expect(second.stderr).not.toContain('quarantine');
    expect(second.stderr).not.toContain('no space left');
    const image = `zentoo/${site.name}/${tuple}`;
    const built = await inContainer(image, 'cd /usr/share/built-on && cat small large && ls -A /var/tmp/portage');
    expect(built).toMatch(/^tmpfs\n(?!tmpfs).+\n$/);
    expect(await inContainer(image, 'cd /etc/portage && ls env package.env && cat package.env/*')).toBe(
      'env:\nother\n\npackage.env:\nsome\napp-misc/greet other\n',
    );
    // The packages of the first build are in the same partition.
    expect(await site.inStore('ls -d /var/cache/binpkgs/x86_64-pc-linux-gnu/plain/* | wc -l')).toBe('1\n');
  });
});
