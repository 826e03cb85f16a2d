/** The category and the ebuild repository of the packages below. */
export const tinyCategory = 'bench-apps';
export const tinyRepository = { name: 'bench', location: '/var/db/repos/bench' } as const;

/** Where the repository is said to Portage. */
export const tinyReposConf = `[${tinyRepository.name}]\nlocation = ${tinyRepository.location}\nauto-sync = no\n`;

/** The atom of one of the packages, which are counted from 1. */
export function tinyAtom(number: number): string {
  return `${tinyCategory}/${tinyName(number)}`;
}

/** The atoms of some packages from the first one on. */
export function firstAtoms(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => tinyAtom(index + 1));
}

/**
 * An ebuild repository of small packages, as files by their paths: each compiles four C files by make, which takes about a
 * second of a processor in all, and none needs another.
 */
export function tinyPackages(count: number): Readonly<Record<string, string>> {
  const packages = Array.from({ length: count }, (_, index) => tinyName(index + 1)).flatMap((name) => [
    [`${tinyCategory}/${name}/${name}-1.ebuild`, ebuild],
    [`${tinyCategory}/${name}/files/work.c`, work],
    [`${tinyCategory}/${name}/files/Makefile`, makefile],
  ]);
  return {
    'profiles/repo_name': `${tinyRepository.name}\n`,
    'profiles/categories': `${tinyCategory}\n`,
    'metadata/layout.conf':
      'masters = gentoo\ncache-formats = md5-dict\nthin-manifests = true\nsign-manifests = false\n',
    ...Object.fromEntries(packages),
  };
}

function tinyName(number: number): string {
  return `part${String(number).padStart(2, '0')}`;
}

const ebuild = `EAPI=8

DESCRIPTION="Four C files that take a while to compile"
HOMEPAGE="https://example.org/bench"
S="\${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "\${FILESDIR}"/{work.c,Makefile} . || die
}

src_compile() {
	emake CC="\${CHOST}-gcc" CFLAGS="\${CFLAGS}" LDFLAGS="\${LDFLAGS}"
}

src_install() {
	newbin program "\${PN}"
}
`;

const makefile = `objects = part1.o part2.o part3.o part4.o

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
