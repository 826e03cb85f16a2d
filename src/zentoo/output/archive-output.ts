import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSession } from '../../container/container-session.ts';
import type { Tuple } from '../../site/site.ts';
import { listInstalledPackages } from '../../store/installed-packages.ts';
import type { SiteRun } from '../run/site-run.ts';
import { checkOutputDirectory, findArchive } from './archive-files.ts';
import type { RootOrigin } from './manifest.ts';
import type { AssembledRoot, OutputKind, OutputPlace, OutputState } from './output-kind.ts';
import { archiveTarget } from './output-names.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { writeArchive } from './write-archive.ts';

/** A compressed tar with a checksum and a manifest, in the site's output directory. */
export const archiveOutput: OutputKind = {
  name: 'archive',
  step: 'archive',
  stopsContainer: false,
  find(place, tuple) {
    const { name, found } = statArchive(place, tuple);
    return { name, found: found ?? null };
  },
  prepare: ({ outputDirectory }) => checkOutputDirectory(outputDirectory),
  check: checkArchive,
  make: makeArchive,
};

type ArchivePlace = Pick<OutputPlace, 'outputDirectory'>;

function statArchive(place: ArchivePlace, tuple: Pick<Tuple, 'name'>): Pick<OutputState, 'name' | 'found'> {
  const { directory, name } = archiveTarget(place, tuple);
  const path = join(directory, `${name}.tar.zst`);
  const status = statSync(path, { throwIfNoEntry: false });
  return { name: path, found: status?.isFile() === true ? { size: status.size, made: status.mtime } : undefined };
}

/** Checks an archive: reads its fingerprint from its manifest. */
async function checkArchive(place: ArchivePlace, { tuple, fingerprint }: TupleWork): Promise<OutputState> {
  const state = { output: 'archive', ...statArchive(place, tuple) } as const;
  if (state.found === undefined) return { ...state, why: ['there is no archive yet'] };
  const former = await findArchive(archiveTarget(place, tuple));
  if (former === undefined) return { ...state, why: ['its archive has no manifest with its inputs'] };
  return {
    ...state,
    why: former.fingerprint === fingerprint.digest ? [] : ['its archive was built from other inputs'],
  };
}

async function makeArchive(run: SiteRun, session: ContainerSession, made: AssembledRoot): Promise<string> {
  const { tuple, location } = made.work;
  const installed = await listInstalledPackages(session, location.root);
  const description = { origin: describeOrigin(run, made), installed, ofStage: made.ofStage };
  const { path } = await writeArchive(session, archiveTarget(run, tuple), description, { root: location.root });
  return path;
}

function describeOrigin(run: SiteRun, { work, partition }: AssembledRoot): RootOrigin {
  const { tuple, stage, fingerprint } = work;
  const { cpu, portage, buildhooks } = tuple;
  return {
    site: run.site.name,
    tuple: tuple.name,
    created: new Date(),
    fingerprint: fingerprint.digest,
    stage: { image: stage.name, id: stage.image?.id ?? '', digest: stage.image?.digests[0]?.split('@')[1] },
    cpu: cpu.name,
    portage: { branch: portage.name, commit: portage.commit },
    buildhooks: { branch: buildhooks.name, commit: buildhooks.commit },
    partition,
    trees: portage.repositories.map(({ name }) => ({ repository: name, revision: run.revisions.get(name) ?? '' })),
  };
}
