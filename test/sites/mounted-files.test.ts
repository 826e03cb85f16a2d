import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEbuild } from '../support/fault-packages.ts';
import { faultsConf, inContainer, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

const ebuild = `EAPI=8
DESCRIPTION="Installs the files that an engine mounts, as baselayout does"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_install() {
  insinto /etc
  for name in hosts hostname resolv.conf networks; do echo "of the package" >"\${T}/\${name}" && doins "\${T}/\${name}"; done
}
`;

describe('case 2.7: a package that installs the files that an engine mounts', () => {
  const site = new ZentooSite('mounted');
  let trees: SharedTrees & AsyncDisposable;

  beforeAll(async () => {
    trees = await makeTrees();
    await writeEbuild(trees, 'layout', ebuild);
    site.write('site.yaml', siteYaml(site, trees));
    site.write('config/tuples', 'plain-base-plain-layout\n');
    site.write('config/sets/layout', 'test-fault/layout\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('is compiled and is in the root, without these files, and the user is told', async () => {
    const { status, tuples, stderr } = await site.build(['plain-base-plain-layout']);
    expect(status, stderr).toBe(0);
    for (const name of ['hosts', 'hostname', 'resolv.conf'])
      expect(stderr).toContain(`/etc/${name}: left out, because the engine mounts this file`);
    const image = tuples.get('plain-base-plain-layout')?.image ?? '';
    const own =
      'ls -d /var/db/pkg/test-fault/layout-1; cd /etc; grep -l "of the package" hosts hostname resolv.conf networks';
    expect(await inContainer(image, own)).toBe('/var/db/pkg/test-fault/layout-1\nnetworks\n');
    expect(await inContainer(image, 'find /etc -name "._cfg*"')).toBe('');
  });
});
