import type { Bench } from '../bench-world.ts';
import { builderImage, options, type Durations } from '../builder.ts';
import { ratios, takeTurns } from '../compare.ts';
import { describeSeconds, type Row } from '../row.ts';
import type { TestBed } from '../test-bed.ts';
import { timeCommand } from '../time-command.ts';

/** The number of files in the package, and the number of files that are compiled. */
const files = 12_000;
const sources = 300;
const repository = '/var/db/repos/many';
const atom = 'app-bench/many-files';
const directory = `${repository}/${atom}`;

const ebuild = `EAPI=8
DESCRIPTION="Many small files, some of which are compiled"
HOMEPAGE="https://example.org/many-files"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
now() { date +%s%N >>"\${T}/times"; }
src_unpack() { now; tar -xf "\${FILESDIR}/source.tar" || die; now; }
src_compile() { emake; now; }
src_install() { dobin many; insinto /usr/share/\${PN}; doins "\${T}/times"; }
`;

/** Sources and a Makefile for them, and files of 2 KiB that are only unpacked. */
const sourceScript = `
set -e
mkdir -p "$1/files" /tmp/many/many-files-1/data && cd /tmp/many/many-files-1
for i in $(seq "$3"); do echo "int f$i(int x) { return x + $i; }" >"f$i.c"; done
echo 'int main(void) { return 0; }' >main.c
printf 'OBJECTS = $(patsubst %%.c,%%.o,$(wildcard *.c))\\nmany: $(OBJECTS)\\n\\t$(CC) -o $@ $^\\n' >Makefile
head -c 2048 /dev/urandom >data/0
for i in $(seq "$2"); do mkdir -p "data/$((i % 100))d" && cp data/0 "data/$((i % 100))d/$i"; done
tar -C /tmp/many -cf "$1/files/source.tar" many-files-1 && rm -r /tmp/many
printf '%s' "$EBUILD" >"$1/many-files-1.ebuild"
mkdir -p "$4/metadata" "$4/profiles" /etc/portage/repos.conf
echo many >"$4/profiles/repo_name" && echo app-bench >"$4/profiles/categories"
printf 'masters = gentoo\\nthin-manifests = true\\n' >"$4/metadata/layout.conf"
printf '[many]\\nlocation = %s\\nauto-sync = no\\n' "$4" >/etc/portage/repos.conf/many.conf
ebuild "$1/many-files-1.ebuild" manifest
`;

/** Seconds of one run. */
interface Run {
  readonly unpack: number;
  readonly compile: number;
  readonly emerge: number;
}

/**
 * Compares a tmpfs with a volume, for a package of thousands of small files, of which some are compiled. The package installs
 * only a program, because both sides merge into the container's own layer. The sides differ in the time to unpack. The time of
 * the whole emerge is shown without a target, because compilers and Portage take most of it.
 */
export async function compareTmpfs({ bed, runs }: Bench): Promise<readonly Row[]> {
  const base = bed.imageName('many');
  await makeBase(bed, base);
  const { ours, theirs } = await takeTurns(
    runs,
    () => build(bed, base, '4G'),
    () => build(bed, base, 'off'),
  );
  await bed.removeImage(base);
  const row = (part: keyof Run) => {
    const [tmpfs, volume] = [ours, theirs].map((side) => side.map((run) => run[part])) as [number[], number[]];
    return {
      value: ratios(tmpfs, volume),
      details: [`${part}: ${describeSeconds('tmpfs', tmpfs)}, ${describeSeconds('volume', volume)}`],
    };
  };
  const of = `a package of ${files + sources} small files: --tmpfs 4G / --tmpfs off`;
  return [
    { name: 'tmpfs-unpack', what: `to unpack ${of}`, target: { atMost: 1 }, ...row('unpack') },
    { name: 'tmpfs-compile', what: `to compile ${sources} of the files of ${of}`, ...row('compile') },
    { name: 'tmpfs-emerge', what: `the whole emerge of ${of}`, ...row('emerge') },
  ];
}

/** Commits an image of the base with the package's repository in it. */
async function makeBase(bed: TestBed, image: string): Promise<void> {
  const { api } = bed;
  const container = image;
  await api.call('POST', `/containers/create?name=${container}`, {
    Image: bed.base,
    Entrypoint: [''],
    Cmd: ['sleep', 'infinity'],
    HostConfig: { Init: true, Mounts: bed.mounts() },
  });
  try {
    await api.call('POST', `/containers/${container}/start`);
    const values = [directory, String(files), String(sources), repository];
    await api.exec(container, ['/bin/bash', '-c', sourceScript, 'many-files', ...values], { EBUILD: ebuild });
    await api.call('POST', `/commit?container=${container}&repo=${image}`);
  } finally {
    await api.call('DELETE', `/containers/${container}?force=1&v=1`);
  }
}

async function build(bed: TestBed, base: string, tmpfs: string): Promise<Run> {
  await bed.reset();
  const request = ['--json', '--rebuild', '--no-sync', '--no-binpkgs', '--tmpfs', tmpfs, '--base', base, atom];
  const { stdout } = await timeCommand('docker', ['run', ...options(bed), builderImage, ...request]);
  const { image, durations } = JSON.parse(stdout) as { image: string; durations: Durations };
  const read = ['run', '--rm', '--entrypoint', 'cat', image, '/usr/share/many-files/times'];
  const times = (await timeCommand('docker', read)).stdout.trim().split('\n').map(BigInt);
  await bed.removeImage(image);
  const seconds = (to: number) => Number((times[to] ?? 0n) - (times[to - 1] ?? 0n)) / 1e9;
  return { unpack: seconds(1), compile: seconds(2), emerge: durations['emerge'] ?? Number.NaN };
}
