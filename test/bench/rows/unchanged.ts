import { BenchSite } from '../bench-site.ts';
import type { Bench } from '../bench-world.ts';
import { reachEngine, runBuilderAgain, zentooInImage } from '../builder.ts';
import type { BuildKit, DockerfileBuild } from '../buildkit.ts';
import { ratios, takeRounds, takeTurns } from '../compare.ts';
import type { EngineApi } from '../engine-api.ts';
import { findDockerClients, type DockerClient } from '../docker-clients.ts';
import { describeSeconds, type Row } from '../row.ts';
import { timeCommand } from '../time-command.ts';

const tuples = 20;
const package_ = 'app-misc/motto';

/**
 * Compares `zentoo build` of an unchanged site of 20 tuples with BuildKit's build of the main job's Dockerfile, all of which
 * is cached. Both sides are whole commands of a user: `docker run` of zentoo's image, or zentoo from its sources, and
 * `docker build`.
 */
export async function compareUnchanged({ api, bed, buildKit, runs }: Bench): Promise<readonly Row[]> {
  const numbers = Array.from({ length: tuples }, (_, index) => index + 1);
  await using site = new BenchSite(api, {
    word: 'unchanged',
    stage: bed.base,
    trees: { gentoo: bed.tree },
    sets: Object.fromEntries(numbers.map((number) => [`set${number}`, [package_]])),
  });
  process.stderr.write(`  ${tuples} tuples,`);
  await site.build();
  process.stderr.write(' built;');
  const cached = { base: bed.base, atoms: [bed.atom], image: bed.imageName('cached') };
  const clients = await fillCache(buildKit, cached);
  const rounds = await takeRounds<readonly number[]>(runs, [
    () => buildInImage(api, site),
    async () => (await site.build()).seconds,
    ...clients.map((client) => () => buildKit.buildByCommand(cached, client)),
  ]);
  await bed.removeImage(cached.image);
  const { types } = await site.build();
  const changed = Object.entries(types).filter(([, type]) => type !== 'unchanged');
  if (changed.length > 0 || Object.keys(types).length !== tuples)
    throw new Error(
      `${changed.map(([tuple]) => tuple).join(', ') || 'tuples'} were built although nothing has changed`,
    );
  const secondsOf = (party: number) => rounds.map((round) => round[party] ?? Number.NaN);
  const row = (name: string, how: string, ours: number, client: number): Row => {
    const [seconds, theirs] = [secondsOf(ours), secondsOf(2 + client)];
    const docker = clients[client]?.name ?? '';
    return {
      name,
      what: `zentoo build of ${tuples} unchanged tuples, ${how} / docker build of one image, all of it cached, by ${docker}`,
      value: ratios(seconds, theirs),
      details: [`${describeSeconds('zentoo build', seconds)}, ${describeSeconds(`${docker} build`, theirs)}`],
    };
  };
  return [
    { ...row('unchanged', 'the whole docker run', 0, 0), target: { atMost: 1 } },
    row('unchanged-src', 'from its sources on the host', 1, 0),
    ...(clients.length > 1 ? [row('unchanged-early', 'the whole docker run', 0, 1)] : []),
  ];
}

/** Compares the main job of an unchanged image, without a sync, with the same cached build. The row has no target. */
export async function compareUnchangedBuild({ bed, buildKit, runs }: Bench): Promise<readonly Row[]> {
  await bed.reset();
  const cached = { base: bed.base, atoms: [bed.atom], image: bed.imageName('cached') };
  const [client] = await fillCache(buildKit, cached);
  const { image } = await runBuilderAgain(bed);
  const { ours, theirs } = await takeTurns(
    runs,
    async () => {
      const again = await runBuilderAgain(bed);
      if (again.image !== image)
        throw new Error(`${again.image} was built although nothing has changed since ${image}`);
      return again.seconds;
    },
    () => buildKit.buildByCommand(cached, client),
  );
  for (const name of [cached.image, image]) await bed.removeImage(name);
  return [
    {
      name: 'unchanged-build',
      what: 'docker run gentoo-builder --no-sync of an unchanged image / docker build of the same, all of it cached',
      value: ratios(ours, theirs),
      details: [`${describeSeconds('gentoo-builder', ours)}, ${describeSeconds(`${client.name} build`, theirs)}`],
    },
  ];
}

/**
 * Fills the cache of each `docker` client. Returns the clients: docker's client of today, and the earlier client that builds
 * without a plugin, which takes less time.
 */
async function fillCache(
  buildKit: BuildKit,
  build: Omit<DockerfileBuild, 'cold'>,
): Promise<readonly [DockerClient, ...DockerClient[]]> {
  process.stderr.write('  BuildKit,');
  const { buildx, earlier } = await findDockerClients();
  const [first, ...others] = [buildx ?? [], earlier ?? []].flat();
  if (first === undefined) throw new Error('no docker command on the path builds with BuildKit');
  for (const client of [first, ...others]) await buildKit.buildByCommand(build, client);
  return [first, ...others];
}

/** Runs zentoo in its image. Returns the seconds of the whole `docker run`. */
async function buildInImage(api: EngineApi, { directory }: BenchSite): Promise<number> {
  const options = [...reachEngine(api), '--volume', `${directory}:${directory}`];
  const command = [...zentooInImage, '--site', directory, 'build', '--json'];
  const { seconds } = await timeCommand('docker', ['run', ...options, ...command]);
  return seconds;
}
