import { stage } from './real-engine/real-engine.ts';
import { inContainer, type SharedTrees } from './zentoo-site.ts';

/** Adds the package `test-fault/NAME`, version 1, to the tree of failing packages, or replaces its ebuild. */
export function writeEbuild(trees: SharedTrees, name: string, text: string): Promise<void> {
  return writeEbuilds(trees, { [name]: text });
}

/** Does what {@link writeEbuild} does for several packages, by their names. */
export async function writeEbuilds({ faults }: SharedTrees, ebuilds: Readonly<Record<string, string>>): Promise<void> {
  const commands = Object.entries(ebuilds).map(([name, text]) => {
    const directory = `/to/test-fault/${name}`;
    return `mkdir -p ${directory} && cat >${directory}/${name}-1.ebuild <<'EBUILD'\n${text}EBUILD\n`;
  });
  await inContainer(stage, commands.join(''), ['-v', `${faults}:/to`]);
}

/** A file among the logs of an engine. While it exists, the packages of {@link heldEbuild} are not done there. */
export const holding = 'holds-packages';

/** An ebuild that compiles as long as the engine has the file {@link holding}. */
export const heldEbuild = `EAPI=8
DESCRIPTION="Compiles until nothing holds it"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_compile() { while [ -e /var/log/portage/${holding} ]; do sleep 0.1; done; }
src_install() { dodir /usr/share/\${PN}; }
`;

/** A file among the logs of an engine, for {@link spoiltEbuild} and {@link damagedEbuild}. */
export const spoiling = 'spoils-packages';

/** An ebuild whose package has another CHOST if the engine has the file {@link spoiling}, and brings a package that was not planned. */
export const spoiltEbuild = `EAPI=8
DESCRIPTION="Is another package on some engines"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_install() { dodir /usr/share/\${PN}; }
pkg_postinst() {
  cd /var/cache/binpkgs/x86_64-pc-linux-gnu/plain/*/ && [[ -w . && -e /var/log/portage/${spoiling} ]] || return 0
  mkdir -p app-evil/evil
  cp test-fault/\${PN}/\${PF}-1.gpkg.tar app-evil/evil/evil-1-1.gpkg.tar
  env -i PATH="$PATH" python3 - "$PWD/test-fault/\${PN}/\${PF}-1.gpkg.tar" <<-'PYTHON'
	import sys, portage
	package = portage.gpkg.gpkg(portage.config(clone=portage.settings), None, sys.argv[1])
	data = package.get_metadata()
	data["CHOST"] = b"x86_64-alien-linux-gnu"
	package.update_metadata(data)
	PYTHON
}
`;

/** An ebuild whose package is damaged after it was made, if the engine has the file {@link spoiling}. */
export const damagedEbuild = `EAPI=8
DESCRIPTION="Is damaged on some engines"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_install() { dodir /usr/share/\${PN}; }
pkg_postinst() {
  cd /var/cache/binpkgs/x86_64-pc-linux-gnu/plain/*/ && [[ -w . && -e /var/log/portage/${spoiling} ]] || return 0
  printf DAMAGED | dd of=test-fault/\${PN}/\${PF}-1.gpkg.tar bs=1 seek=2000 conv=notrunc status=none
}
`;

/** An ebuild that compiles as {@link heldEbuild} does, and then needs a gigabyte of memory. */
export const hungryEbuild = heldEbuild.replace(/^src_compile.*\n/m, (compile) =>
  compile.replace(/ \}\n$/, ' python3 -c \'print(len(b"x" * 2**30))\' || die; }\n'),
);

/** An ebuild that fails in its compile phase. */
export const brokenEbuild = heldEbuild.replace(/^src_compile.*\n/m, 'src_compile() { die "broken by itself"; }\n');
