import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { Diagnostics } from './diagnostics.ts';
import { checkHooks } from './hooks.ts';
import { joinRepositories } from './join-repositories.ts';
import { ownSetNames } from './portage-branch.ts';
import { missingName, type TupleNames } from './read-tuple-name.ts';
import { describeReadError, readTextFile } from './read-text-file.ts';
import { readTuples, stageOf, tuplesFile } from './read-tuples.ts';
import { checkTrees } from './check-volumes.ts';
import { readSharedSets } from './shared-sets.ts';
import { readSiteDocument, type SiteDocument } from './site-document.ts';
import { SiteRepository } from './site-repository.ts';
import type { Site } from './site.ts';

const siteFile = 'site.yaml';

/**
 * Reads a site: site.yaml, the branches of config/portage and config/buildhooks from their commits, the package sets and
 * the tuples. Nothing is written, and no file of a branch is checked out. Throws `Failures` with the code `site-invalid`,
 * one for each thing that is wrong, as `file:line:column: message`.
 */
export function readSite(path: string): Site {
  const directory = findSite(path);
  const diagnostics = new Diagnostics();
  const text = readTextFile(directory, siteFile, diagnostics);
  const document = text === undefined ? undefined : readSiteDocument(text, siteFile, diagnostics);
  const portage = SiteRepository.open(directory, 'config/portage', diagnostics, 'sets');
  const buildhooks = SiteRepository.open(directory, 'config/buildhooks', diagnostics);
  const site = readConfiguration(directory, { document, portage, buildhooks }, diagnostics);
  diagnostics.throwIfAny();
  if (site === undefined) throw new Error(`no diagnostic says why the site ${directory} cannot be read`);
  return deepFreeze(site);
}

/** The absolute path of a site's directory. */
function findSite(path: string): string {
  const fault = (cause: string, error?: unknown) =>
    new Failure('site-invalid', `failed to read the site ${abbreviatePath(path)}: ${cause}`, {
      hint: 'zentoo init DIR makes a site; --site DIR or ZENTOO_SITE says which one is meant',
      cause: error,
    });
  try {
    const directory = resolve(path);
    const status = statSync(directory, { throwIfNoEntry: false });
    if (status?.isFile()) throw fault('it is a file: name its directory');
    if (status?.isDirectory() !== true) throw fault('there is no such directory');
    accessSync(directory, constants.R_OK | constants.X_OK);
    return directory;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    if (error.syscall === 'uv_cwd') throw fault('the current directory is not there any more', error);
    throw fault(describeReadError(error), error);
  }
}

/** A path as a message shows it: not without end. */
function abbreviatePath(path: string): string {
  return path.length > 300 ? `${path.slice(0, 300)}...` : path;
}

interface Parts {
  readonly document: SiteDocument | undefined;
  readonly portage: SiteRepository | undefined;
  readonly buildhooks: SiteRepository | undefined;
}

/** Undefined if a part is missing that everything else refers to. */
function readConfiguration(
  directory: string,
  { document, portage, buildhooks }: Parts,
  diagnostics: Diagnostics,
): Site | undefined {
  const committed = portage?.committedPaths ?? new Set();
  const isBare = portage !== undefined && portage.git.directory.workTree === undefined;
  const sharedSets = readSharedSets(directory, isBare, (file) => committed.has(file), diagnostics);
  const lines = readTupleFile(directory, document, diagnostics);
  if (!document || !portage || !buildhooks) return undefined;
  checkStages(document, portage, diagnostics);
  const names: TupleNames = {
    cpu: document.cpus.map(({ name }) => name),
    portage: portage.branchNames,
    buildhooks: buildhooks.branchNames,
    packages: memoize((branch) => [
      ...new Set([...ownSetNames(portage.peekBranch(branch) ?? []), ...sharedSets.keys()]),
    ]),
  };
  const { tuples, branches } = readTuples(lines, { document, portage, buildhooks, names, sharedSets }, diagnostics);
  const named = branches.map(({ branch, repositories }) => ({ branch: branch.name, named: repositories }));
  const repositories = joinRepositories(named, diagnostics);
  checkTrees(document, portage, repositories, diagnostics);
  checkHooks(tuples, buildhooks, diagnostics);
  const { name, cpus, stages, volumes, limits } = document;
  const sets = [...sharedSets.values()].map(({ set }) => set);
  const uncommitted = [...portage.uncommittedWork, ...buildhooks.uncommittedWork];
  const leftBehind = [...portage.branchesLeftBehind, ...buildhooks.branchesLeftBehind];
  return { directory, name, cpus, stages, volumes, limits, tuples, sets, repositories, uncommitted, leftBehind };
}

/** The text of config/tuples; it may be left out where site.yaml has tuples. */
function readTupleFile(
  directory: string,
  document: SiteDocument | undefined,
  diagnostics: Diagnostics,
): string | undefined {
  const isOptional = document === undefined || document.tuples.length > 0;
  if (isOptional && !existsSync(join(directory, tuplesFile))) return undefined;
  return readTextFile(directory, tuplesFile, diagnostics);
}

/** Reports branches that a stage names and that there are not, or that two stages name, and a second stage for the rest. */
function checkStages(
  { stages, placeOfBranch, placeOfStage }: SiteDocument,
  portage: SiteRepository,
  diagnostics: Diagnostics,
) {
  const forOthers = stages.filter(({ branches }) => branches === undefined);
  for (const { name } of forOthers.slice(1))
    diagnostics.add(
      placeOfStage(name),
      `the stages '${forOthers[0]?.name}' and '${name}' both leave out branches: one may`,
    );
  for (const stage of stages) {
    for (const [index, branch] of (stage.branches ?? []).entries()) {
      const place = placeOfBranch(stage.name, index);
      const first = stageOf(branch, stages);
      if (!portage.branchNames.includes(branch))
        diagnostics.add(place, missingName('there is no portage branch', branch, portage.branchNames));
      else if (first && first.name !== stage.name)
        diagnostics.add(place, `the branch '${branch}' is among those of the stage '${first.name}' already`);
    }
  }
}

function memoize<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const value = known.get(name) ?? compute(name);
    known.set(name, value);
    return value;
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
  return value;
}
