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
import type { NeededFiles, SiteRun, Supplies } from '../run/site-run.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';

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
const supply = v.object({ index: text, packages: texts, sources: texts, absent: texts, frozen: v.boolean() });

/**
 * Finds the binary packages and the sources that an order needs, in a container of the site's engine; fetches sources that are
 * absent. Hands the files to `deliver` while the container runs: none if they come from a server, which a Portage without frozen indexes does
 * not use. Returns the index of the packages for the other engine.
 */
export async function supplyOrder(
  home: SiteRun,
  { needed, server }: { readonly needed: NeededFiles; readonly server: StoreServer | undefined },
  deliver: (session: ContainerSession, files: SuppliedFiles) => Promise<void>,
): Promise<Supplies> {
  const { work, base, partition, packages } = needed;
  const subject = (packages[0]?.cpv ?? '').replace('/', '_');
  const root = { base, portage: work.tuple.portage, subject, step: 'supply', store: 'read-only' } as const;
  return withRootContainer(home, root, async (session) => {
    const ask = () => askForSupply(session, { needed, isServed: server !== undefined });
    const first = await ask();
    if (first.absent.length > 0) await fetchSources(session, needed);
    const { index, packages: paths, sources, frozen } = first.absent.length > 0 ? await ask() : first;
    const indexes = new Map(index === '' ? [] : [[partition, index]]);
    if (server !== undefined && frozen) {
      await deliver(session, { packages: [], sources: [] });
      return { indexes, server };
    }
    await deliver(session, {
      packages: paths.map((path) => ({ from: `${storeDirectory}/${partition}/${path}`, to: `${partition}/${path}` })),
      sources: sources.map((name) => ({ from: `${defaultTarget('distfiles')}/${name}`, to: name })),
    });
    return { indexes, server: undefined };
  });
}

/** The digest of the files of a tree in a container; it differs after every change. */
export async function digestTree(session: ContainerSession, location: string): Promise<string> {
  const command = shellProgram(new URL('./tree-digest.sh', import.meta.url), 'zentoo-tree-digest', location);
  const { exitCode, stdout, stderr } = await session.run({ command });
  if (exitCode === 0) return stdout.trim();
  throw new Failure('tree-unusable', `failed to read the files of ${location}: ${stderr.trim()}`);
}

function askForSupply(
  session: ContainerSession,
  { needed, isServed }: { readonly needed: NeededFiles; readonly isServed: boolean },
) {
  const { work, partition, packages, dependencies } = needed;
  const { environment } = work.location;
  const run: ContainerSession['run'] = (request) =>
    session.run({ ...request, command: underLock('shared', session, request.command) });
  const wanted = packages.map(({ cpv, repository }) => ({ cpv, repository }));
  const args = [
    ...[pkgdirOf({ partition }), `${storeBesideStaging}/${partition}`, isServed ? 'served' : 'copied'],
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
