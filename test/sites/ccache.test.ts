import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gone } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer, siteYaml, ZentooSite } from '../support/zentoo-site.ts';

/** Compiles one file, and installs ccache's statistics since the first compilation. */
const ebuild = `EAPI=8
DESCRIPTION="One file"
HOMEPAGE="https://example.org/one"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_compile() { echo 'int main(void) { return 0; }' >one.c && "\${CHOST}-gcc" \${CFLAGS} -c one.c || die; }
src_install() { ccache --print-stats >done || die; insinto /usr/share; doins done; }
`;

describe('ccache: true', () => {
  const site = new ZentooSite('ccache');
  const docker = rawDocker();
  const trees = { gentoo: uniqueName('ccache-gentoo'), one: uniqueName('ccache-one') };
  const tuple = 'plain-base-plain-one';
  const counts = async () => {
    const text = await inContainer(`zentoo/${site.name}/${tuple}`, 'cat /usr/share/done');
    const count = (name: string) => Number(new RegExp(`^${name}\\t(\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    return { hits: count('direct_cache_hit') + count('preprocessed_cache_hit'), misses: count('cache_miss') };
  };

  beforeAll(async () => {
    await inContainer(stage, 'emerge --sync -q', ['-v', `${trees.gentoo}:/var/db/repos/gentoo`]);
    await inContainer(
      stage,
      `cd /to && mkdir -p metadata profiles app-misc/one
      echo one >profiles/repo_name; echo app-misc >profiles/categories; echo "$EBUILD" >app-misc/one/one-1.ebuild
      printf 'masters = gentoo\\nthin-manifests = true\\n' >metadata/layout.conf`,
      ['-e', `EBUILD=${ebuild}`, '-v', `${trees.one}:/to`],
    );
    site.branch('portage', 'base', { 'repos.conf/one.conf': '[one]\nlocation = /var/db/repos/one\nauto-sync = no\n' });
    site.write('site.yaml', siteYaml(site, trees, { more: 'ccache: true\n' }));
    site.write('config/tuples', `${tuple}\n`);
    site.write('config/sets/one', 'app-misc/one\n');
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    for (const volume of Object.values(trees)) await gone(docker.getVolume(volume).remove());
  });

  it('keeps compiled objects, and uses them again if the store lost the binary package', async () => {
    const first = await site.build();
    expect(first.status, first.stderr).toBe(0);
    expect(await counts()).toEqual({ hits: 0, misses: 1 });
    const { Labels } = await docker.getVolume(`zentoo-${site.name}-ccache`).inspect();
    expect(Labels).toEqual({ 'gentoo-builder.volume': 'ccache', 'zentoo.site': site.name });

    await gone(docker.getImage(`zentoo/${site.name}/${tuple}`).remove());
    await site.inStore('rm -r /var/cache/binpkgs/*');
    const second = await site.build();
    expect(second.status, second.stderr).toBe(0);
    expect(await counts()).toEqual({ hits: 1, misses: 1 });
  });

  it('leaves no part of ccache in the root', async () => {
    const root = `zentoo/${site.name}/${tuple}`;
    expect(
      await inContainer(
        root,
        'command -v ccache || ls -d /var/cache/ccache /var/db/pkg/dev-util/ccache-* || echo none',
      ),
    ).toBe('none\n');
  });
});
