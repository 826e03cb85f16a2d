import { updateMetadataCommand } from '../../../src/emerge/metadata-cache.ts';
import type { Bench } from '../bench-world.ts';
import { ratios, takeRounds } from '../compare.ts';
import { manyAtom, manyEbuild, manyEbuilds, manyReposConf, manyRepository } from './many-ebuilds.ts';
import { packFiles } from './pack-files.ts';
import { describeSeconds, type Row } from '../row.ts';
import { prefix, type TestBed } from '../test-bed.ts';
import { timeCommand } from '../time-command.ts';

/** The number of ebuilds of the real repository in which the loss without a cache was measured. */
const count = 1761;
const cache = '/var/cache/edb/dep';
const volumes = { tree: '', cached: '', synced: '', lazy: '' };
const volume = (name: keyof typeof volumes) => `${prefix}-metadata-${name}`;
const reposConf = '/etc/portage/repos.conf/bulk.conf';

/**
 * Compares `emerge --pretend` in a new container: a tree without a metadata cache and the cache of zentoo or gentoo-builder, and
 * the same tree with a cache of its own. zentoo's is written by a sync, gentoo-builder's by the emerge before. Then counts the
 * entries that zentoo's next sync writes after one ebuild was changed. The time without any cache is shown.
 */
export async function compareMetadata({ bed, runs }: Bench): Promise<readonly Row[]> {
  const { api } = bed;
  const names = (Object.keys(volumes) as (keyof typeof volumes)[]).map(volume);
  for (const Name of names) await api.call('POST', '/volumes/create', { Name });
  try {
    await fillTrees(bed);
    await inContainer(bed, updateScript, ['tree', 'synced']);
    const none = await pretend(bed, 'tree');
    const rounds = await takeRounds<[number, number, number]>(runs, [
      () => pretend(bed, 'tree', `${volume('synced')}:${cache}:ro`),
      () => pretend(bed, 'tree', `${volume('lazy')}:${cache}`),
      () => pretend(bed, 'cached'),
    ]);
    const [synced, lazy, shipped] = [0, 1, 2].map((side) => rounds.map((round) => round[side] ?? Number.NaN)) as [
      ...[number[], number[], number[]],
    ];
    const counted = Number((await inContainer(bed, changeScript, ['tree', 'synced'])).stdout.trim());
    return [
      row('metadata', 'the cache of zentoo', synced, shipped, [`without any cache ${none.toFixed(2)} s`]),
      row('metadata-builder', 'the cache of gentoo-builder', lazy, shipped, []),
      {
        name: 'metadata-changed',
        what: `ebuilds that zentoo sync sources after one of ${count} ebuilds was changed`,
        value: { median: counted, min: counted, max: counted },
        target: { atMost: 1 },
        details: [],
      },
    ];
  } finally {
    for (const name of names) await api.remove(`/volumes/${name}?force=1`);
  }
}

function row(name: string, what: string, ours: number[], shipped: number[], more: readonly string[]): Row {
  return {
    name,
    what: `emerge --pretend in a new container, a tree of ${count} ebuilds: ${what} / a cache in the tree`,
    value: ratios(ours, shipped),
    target: { atMost: 1.1 },
    details: [`${describeSeconds('ours', ours)}, ${describeSeconds('in the tree', shipped)}`, ...more],
  };
}

/** Writes the repository to two volumes, to one of them with a metadata cache. */
async function fillTrees(bed: TestBed): Promise<void> {
  const { api, container } = bed;
  const files = Object.entries(manyEbuilds(count)).map(([path, text]) => [`many/${path}`, text] as const);
  // The container of the bed has volumes that the other containers have as well.
  await api.putArchive(container, '/var/cache/distfiles', await packFiles(Object.fromEntries(files)));
  const copy = `cp -a /var/cache/distfiles/many/. ${manyRepository.location}`;
  await inContainer(bed, copy, ['tree']);
  await inContainer(bed, `${copy}; egencache --update --repo=${manyRepository.name} --jobs="$(nproc)" >/dev/null`, [
    'cached',
  ]);
}

/** The program that zentoo runs at the end of a sync. */
const updateScript = quote(updateMetadataCommand(manyRepository, `${cache}/.zentoo/bulk`, 'stamp'));
const changeScript = [
  `echo '# changed' >>${manyRepository.location}/${manyEbuild}`,
  'touch /tmp/before',
  updateScript,
  `find ${cache}/var -type f -newer /tmp/before | wc -l`,
].join('\n');

function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
}

/** The seconds of an emerge in a new container, by the clock of the container. */
async function pretend(bed: TestBed, tree: keyof typeof volumes, ...binds: readonly string[]): Promise<number> {
  const script = `start=$(date +%s%N); emerge --pretend --quiet ${manyAtom} >/dev/null; echo $(($(date +%s%N) - start))`;
  const { stdout } = await inContainer(bed, script, [tree], binds);
  return Number(stdout.trim()) / 1e9;
}

/** Runs a script in a new container with the bed's trees, one of these, and a metadata cache that may be written. */
function inContainer(
  bed: TestBed,
  script: string,
  [tree, written]: readonly [keyof typeof volumes, (keyof typeof volumes)?],
  binds: readonly string[] = [],
) {
  const all = [
    `${volume(tree)}:${manyRepository.location}`,
    ...(written === undefined ? [] : [`${volume(written)}:${cache}`]),
    ...binds,
  ];
  const mounts = bed.volumes.flatMap(({ name, target }) => (target === cache ? [] : ['--volume', `${name}:${target}`]));
  const named = `set -e; printf '%s' '${manyReposConf}' >${reposConf}\n${script}`;
  const options = [...mounts, ...all.flatMap((bind) => ['--volume', bind]), '--entrypoint', '/bin/bash', bed.base];
  return timeCommand('docker', ['run', '--rm', '--init', ...options, '-c', named]);
}
