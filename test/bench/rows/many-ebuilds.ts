/** The ebuild repository of the packages below. */
export const manyRepository = { name: 'bulk', location: '/var/db/repos/bulk' } as const;

/** The file of repos.conf that names the repository. */
export const manyReposConf = `[${manyRepository.name}]\nlocation = ${manyRepository.location}\nauto-sync = no\n`;

/** The atom that depends on all others of {@link manyVisited}. */
export const manyAtom = 'bench-bulk/part0';

/** The path of the ebuild of one of the visited packages. */
export const manyEbuild = 'bench-bulk/part7/part7-1.ebuild';

/** The number of packages that emerge looks at for {@link manyAtom}. */
export const manyVisited = 101;
const eclasses = 6;

/** A repository without a metadata cache, as files by their paths: packages that inherit eclasses of a usual size. */
export function manyEbuilds(count: number): Readonly<Record<string, string>> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  return {
    'profiles/repo_name': `${manyRepository.name}\n`,
    'profiles/categories': 'bench-bulk\n',
    'metadata/layout.conf': 'masters = gentoo\nthin-manifests = true\nsign-manifests = false\n',
    ...Object.fromEntries(numbers.slice(0, eclasses).map((number) => [`eclass/bulk${number}.eclass`, eclass(number)])),
    ...Object.fromEntries(numbers.map((number) => [`bench-bulk/part${number}/part${number}-1.ebuild`, ebuild(number)])),
  };
}

/** Each eclass inherits the next one and defines functions. */
function eclass(number: number): string {
  const next = number + 1 < eclasses ? `inherit bulk${number + 1}\n` : '';
  const functions = Array.from(
    { length: 60 },
    (_, index) => `bulk${number}_${index}() {\n\tlocal value=$1\n\t[[ -n \${value} ]] && echo "\${value}"\n}\n`,
  );
  return next + functions.join('');
}

/** The visited packages are a binary tree of dependencies. */
function ebuild(number: number): string {
  const needs = [2 * number + 1, 2 * number + 2].filter((other) => other < manyVisited);
  return `EAPI=8
inherit bulk0
DESCRIPTION="A part of a large repository"
HOMEPAGE="https://example.org/bench"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
RDEPEND="${needs.map((other) => `bench-bulk/part${other}`).join(' ')}"
`;
}
