import { createHash } from 'node:crypto';
import { hookNames } from '../site/hooks.ts';
import type { BranchEntry, Cpu, PackageSet, Site, Tuple } from '../site/site.ts';

/** Everything that something is made from, by names such as `portage/commit` or `tree/gentoo`; all of it is text. */
export type Inputs = Readonly<Record<string, string>>;

/** What is made from the same inputs is the same. */
export interface Fingerprint {
  /** 64 hexadecimal digits. */
  readonly digest: string;
  readonly inputs: Inputs;
}

/** What a site does not say about what is made of it. */
export interface Surroundings {
  /** The id of the stage's image. */
  readonly stageId: string;
  /** By the names of the repositories of the branch's repos.conf, what is there: a commit, or the stamp of a sync. */
  readonly trees: Readonly<Record<string, string>>;
  /** Counted up whenever the product makes something else from the same inputs. */
  readonly pipeline: string;
}

/** What a buildmaster is made from: it is shared by all tuples for which this is the same. */
export function fingerprintBuildmaster(tuple: Tuple, surroundings: Surroundings): Fingerprint {
  return fingerprint({ ...sharedInputs(tuple, surroundings), optimize: tuple.stage.optimize, ...hookInputs(tuple) });
}

/**
 * What a tuple's image is made from. Its outputs are no part of it: an archive that is missing is made without compiling.
 * Sets that the site does not have are a repository's, and change with its tree.
 */
export function fingerprintTuple(site: Site, tuple: Tuple, surroundings: Surroundings): Fingerprint {
  const sets = setsOf(tuple, site.sets).map((set) => [`set/${set.name}`, setDigest(set)] as const);
  return fingerprint({
    ...sharedInputs(tuple, surroundings),
    // Of the stage's @system, what is optimized reaches every root.
    optimize: tuple.stage.optimize,
    'buildhooks/branch': tuple.buildhooks.name,
    'buildhooks/commit': tuple.buildhooks.commit,
    packages: tuple.packages.name,
    cross: tuple.cross ? 'yes' : 'no',
    ...Object.fromEntries(sets),
  });
}

/**
 * Names the answer that Portage gives for a tuple, so that it can be kept: besides what the tuple is made from, that
 * depends on which binary packages there are. `index` is the text of the partition's `Packages`, empty if there is none;
 * the time in its head is not looked at.
 */
export function planKey(tuple: Fingerprint, index: string): string {
  const lasting = index.replace(/^TIMESTAMP: .*\n/m, '');
  return digestOf(`${tuple.digest}\n${digestOf(lasting)}\n`);
}

function sharedInputs(tuple: Tuple, { stageId, trees, pipeline }: Surroundings): Inputs {
  return {
    pipeline,
    'stage/name': tuple.stage.name,
    'stage/image': tuple.stage.image,
    'stage/id': stageId,
    'portage/branch': tuple.portage.name,
    'portage/commit': tuple.portage.commit,
    ...cpuInputs(tuple.cpu),
    ...Object.fromEntries(Object.entries(trees).map(([name, revision]) => [`tree/${name}`, revision])),
  };
}

function cpuInputs({ name, chost, cflags, cpuFlags }: Cpu): Inputs {
  return {
    'cpu/name': name,
    'cpu/CHOST': chost,
    // White space between flags means nothing, and their order does.
    'cpu/CFLAGS': words(cflags).join(' '),
    ...Object.fromEntries(
      cpuFlags.map(({ variable, flags }) => [`cpu/${variable}`, words(flags).toSorted().join(' ')]),
    ),
  };
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The hooks that run before the root is assembled, with what they may read: files of the branch that are no hooks. */
function hookInputs({ buildhooks }: Tuple): Inputs {
  const early = ['buildmaster', 'compile'];
  if (!buildhooks.entries.some(({ path }) => early.includes(path))) return {};
  const others = buildhooks.entries.filter(({ path }) => !hookNames.some((name) => name === path));
  const digest = (entries: readonly BranchEntry[]) =>
    digestOf(entries.map(({ path, type, id }) => `${type} ${id} ${path}\n`).join('')).slice(0, 16);
  return Object.fromEntries([
    ...buildhooks.entries
      .filter(({ path }) => early.includes(path))
      .map((hook) => [`hook/${hook.path}`, digest([hook])]),
    ...(others.length === 0 ? [] : [['hook/files', digest(others)]]),
  ]) as Inputs;
}

/** Of the site's sets the tuple's own and those that it names, directly or not; those of the branch are in its commit. */
function setsOf({ packages, portage }: Tuple, shared: readonly PackageSet[]): readonly PackageSet[] {
  const own = (name: string) => portage.entries.find(({ path }) => path === `sets/${name}`);
  const found = new Map<string, PackageSet>();
  const seen = new Set([packages.name]);
  const queue = [packages.name];
  for (const name of queue) {
    const ofBranch = own(name);
    // Where a link of the branch leads is not followed: rather one tuple is built too many than one too few.
    if (ofBranch?.type === 'symlink') for (const set of shared) found.set(set.name, set);
    const set = ofBranch ? undefined : shared.find((other) => other.name === name);
    if (set) found.set(name, set);
    const named = ofBranch
      ? ofBranch
          .read()
          .toString('utf8')
          .match(/^\s*@\S+/gm)
      : set?.sets;
    for (const nested of (named ?? []).map((text) => text.trim().slice(1)))
      if (!seen.has(nested)) {
        seen.add(nested);
        queue.push(nested);
      }
  }
  return [...found.values()];
}

/** Comments, empty lines and the order are not part of what a set says. */
function setDigest({ atoms, sets }: PackageSet): string {
  return digestOf(`${[...atoms, ...sets].toSorted().join('\n')}\n`).slice(0, 16);
}

function fingerprint(inputs: Inputs): Fingerprint {
  const sorted = Object.fromEntries(Object.entries(inputs).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { digest: digestOf(JSON.stringify(sorted)), inputs: sorted };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
