import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkStages } from './check-stages.ts';
import { checkTrees, checkVolumes } from './check-volumes.ts';
import { readHeadCommit } from './head-commit.ts';
import { Diagnostics } from '../diagnostics.ts';
import { findSite, siteFile } from '../find-site.ts';
import { checkHooks } from './hooks.ts';
import { joinRepositories } from './join-repositories.ts';
import { ownSetNames } from './own-sets.ts';
import { readTextFile } from '../read-text-file.ts';
import type { TupleNames } from './read-tuple-name.ts';
import { readTuples, tuplesFile } from './read-tuples.ts';
import { readSharedSets, type SharedSets } from './shared-sets.ts';
import { readSiteDocument, type SiteDocument } from '../site-document.ts';
import { SiteRepository } from './site-repository.ts';
import type { Site } from '../site.ts';

/**
 * Reads a site: site.yaml, the commits of the branches of config/portage and config/buildhooks, the package sets and the
 * tuples. Writes nothing and checks out nothing. Throws `Failures` with the code `site-invalid`, one for each fault, as
 * `file:line:column: message`. A part that cannot be read hides no fault of the other parts, and causes no further faults.
 */
export function readSite(path: string): Site {
  const directory = findSite(path);
  const diagnostics = new Diagnostics();
  const site = readConfiguration(directory, diagnostics);
  diagnostics.throwIfAny();
  return deepFreeze(site);
}

/** Reads the site; the result is valid only if there are no diagnostics. */
function readConfiguration(directory: string, diagnostics: Diagnostics): Site {
  const document = readSiteDocument(readTextFile(directory, siteFile, diagnostics), siteFile, diagnostics);
  const portage = SiteRepository.open(directory, 'config/portage', diagnostics, 'sets');
  const buildhooks = SiteRepository.open(directory, 'config/buildhooks', diagnostics);
  const committed = portage?.committedPaths ?? new Set();
  const isBare = portage !== undefined && portage.git.directory.workTree === undefined;
  const sharedSets = readSharedSets(directory, isBare, (file) => committed.has(file), diagnostics);
  const names: TupleNames = {
    cpu: document.isKnown.cpus ? document.cpus.map(({ name }) => name) : undefined,
    portage: portage?.branchNames,
    buildhooks: buildhooks?.branchNames,
    packages: memoize((branch) => packageSetNames(branch, portage, sharedSets)),
  };
  const lines = readTupleFile(directory, document, diagnostics);
  checkStages(document, names.portage, diagnostics);
  const material = { document, portage, buildhooks, names, sharedSets: sharedSets.sets };
  const { tuples, branches } = readTuples(lines, material, diagnostics);
  const named = branches.map(({ branch, repositories }) => ({ branch: branch.name, named: repositories }));
  const repositories = joinRepositories(named, diagnostics);
  checkVolumes(document, diagnostics);
  if (portage) checkTrees(document, portage, repositories, diagnostics);
  if (buildhooks) checkHooks(buildhooks, diagnostics);
  const { name, id, cpus, stages, volumes, limits, tmpfs, ccache, engines, swarm } = document;
  const both = [portage, buildhooks].filter((repository) => repository !== undefined);
  return {
    directory,
    name,
    id,
    head: readHeadCommit(directory),
    cpus,
    stages,
    volumes,
    limits,
    tmpfs,
    ccache,
    engines,
    swarm,
    tuples,
    sets: [...sharedSets.sets.values()].map(({ set }) => set),
    repositories,
    uncommitted: both.flatMap(({ uncommittedWork }) => uncommittedWork),
    leftBehind: both.flatMap(({ branchesLeftBehind }) => branchesLeftBehind),
    notes: branches.flatMap(({ notes }) => notes),
  };
}

/** The names of a branch's own sets and the shared sets; undefined if some of them cannot be read. */
function packageSetNames(
  branch: string,
  portage: SiteRepository | undefined,
  sharedSets: SharedSets,
): readonly string[] | undefined {
  const entries = portage?.peekBranch(branch);
  if (entries === undefined || !sharedSets.areAll) return undefined;
  return [...new Set([...ownSetNames(entries), ...sharedSets.sets.keys()])];
}

/** Reads config/tuples, which is optional if site.yaml has tuples. */
function readTupleFile(
  directory: string,
  { tuples, isKnown }: SiteDocument,
  diagnostics: Diagnostics,
): string | undefined {
  const isOptional = !isKnown.tuples || tuples.length > 0;
  if (isOptional && !existsSync(join(directory, tuplesFile))) return undefined;
  return readTextFile(directory, tuplesFile, diagnostics);
}

function memoize<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, { readonly value: T }>();
  return (name) => {
    const { value } = known.get(name) ?? { value: compute(name) };
    known.set(name, { value });
    return value;
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
  return value;
}
