import { stage } from './real-engine/real-engine.ts';
import { inContainer, type SharedTrees } from './zentoo-site.ts';

/** Adds the package `test-fault/NAME`, version 1, to the tree of failing packages, or replaces its ebuild. */
export async function writeEbuild({ faults }: SharedTrees, name: string, text: string): Promise<void> {
  const directory = `/to/test-fault/${name}`;
  const script = `mkdir -p ${directory} && cat >${directory}/${name}-1.ebuild <<'EBUILD'\n${text}EBUILD`;
  await inContainer(stage, script, ['-v', `${faults}:/to`]);
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
