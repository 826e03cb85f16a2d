import * as v from 'valibot';
import { shellProgram } from '../../container-program.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { defaultTarget } from '../../container/mounts.ts';
import { Failure } from '../../failure.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { composedArgument } from '../../portage/atom.ts';
import { askPortage, pkgdirOf } from '../../store/portage-program.ts';
import { storeBesideStaging, storeDirectory } from '../../store/store-directory.ts';
import { emergeInRoot } from '../root/emerge-in-root.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import type { NeededFiles, SiteRun, SuppliedIndexes } from '../run/site-run.ts';

/** A file for another engine: its path in a container of the site's engine, and below the directory that it comes to. */
export interface SuppliedFile {
  readonly from: string;
  readonly to: string;
}

/** The files that an order needs. */
export interface SuppliedFiles {
  readonly packages: readonly SuppliedFile[];
  readonly sources: readonly SuppliedFile[];
}

const text = v.string();
const texts = v.array(text);
const supply = v.object({ index: text, packages: texts, sources: texts, absent: texts });

/**
 * Finds the binary packages and the sources that an order needs, in a container of the site's engine; fetches sources that are
 * absent. Hands the files to `deliver` while the container runs. Returns the index of the packages for the other engine.
 */
export async function supplyOrder(
  home: SiteRun,
  needed: NeededFiles,
  deliver: (session: ContainerSession, files: SuppliedFiles) => Promise<void>,
): Promise<SuppliedIndexes> {
  const { work, base, partition, packages } = needed;
  const subject = (packages[0]?.cpv ?? '').replace('/', '_');
  const root = { base, portage: work.tuple.portage, subject, step: 'supply', store: 'read-only' } as const;
  return withRootContainer(home, root, async (session) => {
    const first = await askForSupply(session, needed);
    if (first.absent.length > 0) await fetchSources(session, needed);
    const { index, packages: paths, sources } = first.absent.length > 0 ? await askForSupply(session, needed) : first;
    await deliver(session, {
      packages: paths.map((path) => ({ from: `${storeDirectory}/${partition}/${path}`, to: `${partition}/${path}` })),
      sources: sources.map((name) => ({ from: `${defaultTarget('distfiles')}/${name}`, to: name })),
    });
    return new Map(index === '' ? [] : [[partition, index]]);
  });
}

/** The digest of the files of a tree in a container; it differs after every change. */
export async function digestTree(session: ContainerSession, location: string): Promise<string> {
  const command = shellProgram(new URL('./tree-digest.sh', import.meta.url), 'zentoo-tree-digest', location);
  const { exitCode, stdout, stderr } = await session.run({ command });
  if (exitCode === 0) return stdout.trim();
  throw new Failure('tree-unusable', `failed to read the files of ${location}: ${stderr.trim()}`);
}

function askForSupply(session: ContainerSession, { work, partition, packages, dependencies }: NeededFiles) {
  const { environment } = work.location;
  const run: ContainerSession['run'] = (request) =>
    session.run({ ...request, command: underLock('shared', session, request.command) });
  const wanted = packages.map(({ cpv, repository }) => ({ cpv, repository }));
  const args = [
    ...[pkgdirOf({ partition }), `${storeBesideStaging}/${partition}`],
    ...[JSON.stringify(dependencies), JSON.stringify(wanted)],
  ];
  return askPortage({ run, partition, environment }, new URL('./supply.py', import.meta.url), args, supply);
}

async function fetchSources(session: ContainerSession, { work, packages }: NeededFiles): Promise<void> {
  const atoms = packages.map(({ cpv, repository }) => `=${cpv}${repository === '' ? '' : `::${repository}`}`);
  await emergeInRoot(session, {
    work,
    name: 'emerge-fetch',
    step: 'compile',
    options: ['--oneshot', '--fetchonly', '--nodeps'],
    packages: atoms.map(composedArgument),
    observable: false,
    measuresSpace: false,
  });
}
