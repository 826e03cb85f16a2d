/** The category and the ebuild repository of the packages below. */
export const tinyCategory = 'bench-apps';
export const tinyRepository = { name: 'bench', location: '/var/db/repos/bench' } as const;

/** The file of repos.conf that names the repository. */
export const tinyReposConf = `[${tinyRepository.name}]\nlocation = ${tinyRepository.location}\nauto-sync = no\n`;

/** The atom of a package; packages are numbered from 1. */
export function tinyAtom(number: number): string {
  return `${tinyCategory}/${tinyName(number)}`;
}

/** The atoms of some packages from the first one on. */
export function firstAtoms(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => tinyAtom(index + 1));
}

/** The atom of a package of as many files as {@link wideFiles}. */
export function wideAtom(number: number): string {
  return `${tinyCategory}/${wideName(number)}`;
}

/** The number of C files in a wide package. */
export const wideFiles = 40;
const tinyFiles = 4;

/**
 * An ebuild repository of packages without dependencies, as files by their paths: equally many tiny packages, which compile
 * four C files with make and use a processor for about a second, and wide packages, which compile ten times as many files.
 */
export function tinyPackages(count: number): Readonly<Record<string, string>> {
  const packages = Array.from({ length: count }, (_, index) => index + 1).flatMap((number) => [
    ...packageFiles(tinyName(number), tinyFiles),
    ...packageFiles(wideName(number), wideFiles),
  ]);
  return {
    'profiles/repo_name': `${tinyRepository.name}\n`,
    'profiles/categories': `${tinyCategory}\n`,
    'metadata/layout.conf':
      'masters = gentoo\ncache-formats = md5-dict\nthin-manifests = true\nsign-manifests = false\n',
    ...Object.fromEntries(packages),
  };
}

function packageFiles(name: string, files: number): readonly (readonly [string, string])[] {
  const directory = `${tinyCategory}/${name}`;
  return [
    [`${directory}/${name}-1.ebuild`, ebuild(files)],
    [`${directory}/files/work.c`, work],
    [`${directory}/files/Makefile`, makefile],
  ];
}

function tinyName(number: number): string {
  return `part${String(number).padStart(2, '0')}`;
}

function wideName(number: number): string {
  return `wide${String(number).padStart(2, '0')}`;
}

const ebuild = (files: number) => `EAPI=8

DESCRIPTION="C files that take a while to compile"
HOMEPAGE="https://example.org/bench"
S="\${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "\${FILESDIR}"/{work.c,Makefile} . || die
}

src_compile() {
	emake FILES=${files} CC="\${CHOST}-gcc" CFLAGS="\${CFLAGS}" LDFLAGS="\${LDFLAGS}"
}

src_install() {
	newbin program "\${PN}"
}
`;

const makefile = `objects = $(patsubst %,part%.o,$(shell seq $(FILES)))

program: $(objects)
	$(CC) $(LDFLAGS) -o $@ $(objects)

part%.o: work.c
	$(CC) $(CFLAGS) -DPART=$* -c -o $@ work.c
`;

const work = `#define NAME2(part, n) work_##part##_##n
#define NAME(part, n) NAME2(part, n)
#define WORK(n) \\
	unsigned NAME(PART, n)(unsigned *v, unsigned x) { \\
		for (unsigned i = 0; i < 64; i++) \\
			for (unsigned j = i; j < 64; j += 1 + x % 3) \\
				switch ((v[i] + x) % 7) { \\
				case 0: v[j] += v[i] * n; break; \\
				case 1: v[j] ^= x << (i % 13); break; \\
				case 2: x = x * 31 + v[j]; break; \\
				default: x -= v[(i * n + j) % 64]; \\
				} \\
		return x; \\
	}
#define WORK10(n) WORK(n##0) WORK(n##1) WORK(n##2) WORK(n##3) WORK(n##4) \\
	WORK(n##5) WORK(n##6) WORK(n##7) WORK(n##8) WORK(n##9)

WORK10(1) WORK10(2) WORK10(3) WORK10(4)

#if PART == 1
int main(void) { return 0; }
#endif
`;
