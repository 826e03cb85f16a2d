import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEbuild } from '../../support/fault-packages.ts';
import { stage } from '../../support/real-engine/real-engine.ts';
import {
  faultsConf,
  inContainer,
  makeTrees,
  siteYaml,
  ZentooSite,
  type SharedTrees,
} from '../../support/zentoo-site.ts';

const header = `EAPI=8
DESCRIPTION="Writes to places of other packages"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
`;
/** Functions that look for the new packages, and that change a value in the metadata of one. */
const functions = `enter_new() { cd /var/cache/binpkgs/x86_64-pc-linux-gnu/plain/*/ && [[ -w . && -d test-fault ]]; }
change() {
  env -i PATH="$PATH" python3 - "$PWD/$1" "$2" "$3" <<-'PYTHON'
	import sys, portage
	package = portage.gpkg.gpkg(portage.config(clone=portage.settings), None, sys.argv[1])
	data = package.get_metadata()
	data[sys.argv[2]] = sys.argv[3].encode()
	package.update_metadata(data)
	PYTHON
}
`;
const evil = `${header}DEPEND="app-misc/greet"
${functions}
attack() { for place in /var/db/repos/* /var/cache/binpkgs/.store; do touch "$place/attacked" || true; done; }
pkg_setup() { attack; }
pkg_postinst() {
  attack
  enter_new || return 0
  mkdir -p app-evil/evil app-misc/greet
  cp test-fault/evil/evil-1-1.gpkg.tar app-evil/evil/evil-1-1.gpkg.tar
  cp /var/cache/binpkgs/.store/*/plain/*/app-misc/greet/greet-1.0-1.gpkg.tar app-misc/greet/greet-1.0-9.gpkg.tar
  change app-misc/greet/greet-1.0-9.gpkg.tar BUILD_TIME 1999999999
  head -c 3000 test-fault/evil/evil-1-1.gpkg.tar >test-fault/evil/evil-1-2.gpkg.tar
}
`;
const alien = `${header}${functions}
pkg_postinst() {
  enter_new || return 0
  change test-fault/alien/alien-1-1.gpkg.tar CHOST x86_64-alien-linux-gnu
}
`;

/** Two tuples, one with a package that writes to places of others, and one with a package that changes its own binary package. */
describe('zentoo build of hostile packages', () => {
  const site = new ZentooSite('hostile');
  let trees: SharedTrees & AsyncDisposable;
  const packages = () => site.inStore(`cd /var/cache/binpkgs/*/plain/*/ && find . -name '*.gpkg.tar' | sort`);

  beforeAll(async () => {
    trees = await makeTrees();
    for (const [name, text] of Object.entries({ evil, alien })) await writeEbuild(trees, name, text);
    site.write('site.yaml', siteYaml(site, trees));
    site.write('config/tuples', 'plain-base-plain-evil\nplain-base-plain-alien\n');
    site.write('config/sets/evil', 'test-fault/evil\n');
    site.write('config/sets/alien', 'test-fault/alien\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('puts only planned packages into the store, and names the others', async () => {
    const { status, stderr } = await site.run(['build', 'plain-base-plain-evil']);
    expect(status, stderr).toBe(0);
    const refused = stderr
      .match(/refused the new package .*/g)
      ?.map((line) => line.replace('refused the new package ', ''));
    expect(refused?.toSorted()).toEqual([
      'app-evil/evil/evil-1-1.gpkg.tar: it was not planned',
      'app-misc/greet/greet-1.0-9.gpkg.tar: the store has a package of this version, and no other one was planned',
      'test-fault/evil/evil-1-2.gpkg.tar: another package of this version was taken',
    ]);
    expect(await packages()).toBe(
      [
        ...['app-misc/greet/greet-1.0', 'dev-libs/greeting/greeting-2.0', 'sys-apps/stage-info/stage-info-1.0'],
        ...['sys-apps/yesno/yesno-1.0', 'test-fault/evil/evil-1'],
      ]
        .map((name) => `./${name}-1.gpkg.tar\n`)
        .join(''),
    );
    const trusted = ['-v', `${trees.gentoo}:/g:ro`, '-v', `${trees.faults}:/f:ro`];
    expect(await inContainer(stage, 'find /g /f -name attacked', trusted)).toBe('');
    expect(await site.inStore('find /var/cache/binpkgs -name attacked')).toBe('');
  });

  it('does nothing in the next build', async () => {
    const { status, stdout } = await site.run(['build', 'plain-base-plain-evil']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('unchanged')]);
  });

  it('fails with the name of a package that changed its own CHOST, which is not in the store', async () => {
    const before = await packages();
    const { status, tuples, stderr } = await site.build(['plain-base-plain-alien']);
    expect(status, stderr).toBe(42);
    expect(tuples.get('plain-base-plain-alien')?.failures?.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        'test-fault/alien-1: its CHOST is x86_64-alien-linux-gnu, and here it is x86_64-pc-linux-gnu',
      ),
    ]);
    expect(await packages()).toBe(before);
  });
});
