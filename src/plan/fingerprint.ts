import { createHash } from 'node:crypto';
import { hookNames } from '../site/read/hooks.ts';
import type { BranchEntry, Cpu, PackageSet, Site, Tuple } from '../site/site.ts';

/** The inputs of a tuple or a buildmaster as text, by names such as `portage/commit` or `tree/gentoo`. */
export type Inputs = Readonly<Record<string, string>>;

/** Identifies the inputs of a build: equal digests mean equal inputs. */
export interface Fingerprint {
  /** The digest, 64 hexadecimal digits. */
  readonly digest: string;
  readonly inputs: Inputs;
}

/** The inputs of a build that are not part of the site. */
export interface ExternalInputs {
  /** The id of the stage's image. */
  readonly stageId: string;
  /** The revision of each ebuild repository of the branch's repos.conf, by its name: a commit, or the time stamp of a sync. */
  readonly trees: Readonly<Record<string, string>>;
  /** A version of zentoo's method: increment it whenever zentoo makes something different from the same inputs. */
  readonly pipeline: string;
}

/** The fingerprint of a tuple's buildmaster. Tuples with equal fingerprints share one buildmaster. */
export function fingerprintBuildmaster(tuple: Tuple, external: ExternalInputs): Fingerprint {
  return fingerprint({ ...sharedInputs(tuple, external), optimize: tuple.stage.optimize, ...hookInputs(tuple) });
}

/**
 * The fingerprint of a tuple's root. The outputs are not part of it, so that a missing archive can be made without compiling. A set
 * that is not in the site is part of an ebuild repository, and changes with the revision of its tree.
 */
export function fingerprintTuple(site: Site, tuple: Tuple, external: ExternalInputs): Fingerprint {
  const sets = setsOf(tuple, site.sets).map((set) => [`set/${set.name}`, setDigest(set)] as const);
  return fingerprint({
    ...sharedInputs(tuple, external),
    // Optimized packages of the stage's @system are merged into every root.
    optimize: tuple.stage.optimize,
    'buildhooks/branch': tuple.buildhooks.name,
    'buildhooks/commit': tuple.buildhooks.commit,
    packages: tuple.packages.name,
    cross: tuple.cross ? 'yes' : 'no',
    ...Object.fromEntries(sets),
  });
}

/**
 * The key of Portage's answer for a tuple in the plan cache. The answer depends on the tuple's inputs and on the binary packages
 * that exist. `index` is the text of the partition's `Packages`, empty if there is none; the time in its head is ignored.
 */
export function planKey(tuple: Fingerprint, index: string): string {
  const lasting = index.replace(/^TIMESTAMP: .*\n/m, '');
  return digestOf(`${tuple.digest}\n${digestOf(lasting)}\n`);
}

function sharedInputs(tuple: Tuple, { stageId, trees, pipeline }: ExternalInputs): Inputs {
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
    // The order of compiler flags has a meaning; the white space between them has none.
    'cpu/CFLAGS': words(cflags).join(' '),
    ...Object.fromEntries(
      cpuFlags.map(({ variable, flags }) => [`cpu/${variable}`, words(flags).toSorted().join(' ')]),
    ),
  };
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The hooks that run before the root is assembled, and the other files of their branch, which they may read. */
function hookInputs({ buildhooks }: Tuple): Inputs {
  const early = ['buildmaster', 'compile'];
  if (!buildhooks.entries.some(({ path }) => early.includes(path))) return {};
  const others = buildhooks.entries.filter(({ path }) => !hookNames.some((name) => name === path));
  const digest = (entries: readonly BranchEntry[]) =>
    digestOf(entries.map(({ path, type, id }) => `${type} ${id} ${path}\n`).join('')).slice(0, 16);
  const inputs: [string, string][] = [
    ...buildhooks.entries
      .filter(({ path }) => early.includes(path))
      .map((hook): [string, string] => [`hook/${hook.path}`, digest([hook])]),
  ];
  if (others.length > 0) inputs.push(['hook/files', digest(others)]);
  return Object.fromEntries(inputs);
}

/** The tuple's set and the site's sets that it names, directly or through other sets. The branch's own sets are part of its commit. */
function setsOf({ packages, portage }: Tuple, shared: readonly PackageSet[]): readonly PackageSet[] {
  const own = (name: string) => portage.entries.find(({ path }) => path === `sets/${name}`);
  const found = new Map<string, PackageSet>();
  const seen = new Set([packages.name]);
  const queue = [packages.name];
  for (const name of queue) {
    const ofBranch = own(name);
    // A symbolic link is not followed. All sets count as its inputs: a needless build is better than a stale image.
    if (ofBranch?.type === 'symlink') for (const set of shared) found.set(set.name, set);
    const set = ofBranch ? undefined : shared.find((other) => other.name === name);
    if (set) found.set(name, set);
    const { sets: named = [] } = (ofBranch ? portage.sets.find((other) => other.name === name) : set) ?? {};
    for (const nested of named.map((text) => text.slice(1)))
      if (!seen.has(nested)) {
        seen.add(nested);
        queue.push(nested);
      }
  }
  return [...found.values()];
}

/** Digests a set without its comments, its empty lines and the order of its lines, because they change nothing. */
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
