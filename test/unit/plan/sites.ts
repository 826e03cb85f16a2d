import type { Atom, SetName } from '../../../src/portage/atom.ts';
import type { Branch, BranchEntry, PackageSet, PortageBranch, Site, Tuple } from '../../../src/site/site.ts';

/** A set with one atom that is made of its name, and the sets that it names. */
export function packageSet(name: string, sets: readonly string[] = [], atom = `app-misc/${name}`): PackageSet {
  const file = `config/sets/${name}`;
  return {
    name,
    file,
    text: [atom, ...sets.map((set) => `@${set}`)].map((line) => `${line}\n`).join(''),
    atoms: [atom as Atom],
    places: [{ file, line: 1, column: 1 }],
    sets: sets.map((set) => `@${set}` as SetName),
  };
}

const histories = new Map<string, (commit: string) => boolean>();

/** A history of one commit. The function of a commit is always the same, so that equal branches are equal. */
function containsOf(commit: string): (sought: string) => boolean {
  const known = histories.get(commit) ?? ((sought: string) => sought === commit);
  histories.set(commit, known);
  return known;
}

/** A branch with these files; a hook is executable, and a text that begins with `->` is where a link leads. */
export function branch(name: string, commit: string, files: Readonly<Record<string, string>> = {}): Branch {
  const entries = Object.entries(files).map(([path, text]): BranchEntry => ({
    path,
    type: text.startsWith('->') ? 'symlink' : text.startsWith('#!') ? 'executable' : 'file',
    id: Buffer.from(text).toString('hex'),
    read: () => Buffer.from(text.replace(/^->/, '')),
  }));
  return { name, commit, contains: containsOf(commit), entries };
}

export const commits = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40)) as [string, string, string, string];

/** A branch of config/portage with no repository of its own. */
export function portageBranch(...of: Parameters<typeof branch>): PortageBranch {
  return { ...branch(...of), repositories: [], sets: [] };
}

/** The tuple `x86-64-base-plain-tools` of a small site. */
export function tupleOf(changes: Partial<Tuple> = {}): Tuple {
  return {
    name: 'x86-64-base-plain-tools',
    cpu: {
      name: 'x86-64',
      chost: 'x86_64-pc-linux-gnu',
      cflags: '-O2 -pipe',
      cpuFlags: [{ variable: 'CPU_FLAGS_X86', flags: 'sse sse2' }],
    },
    portage: portageBranch('base', commits[0]),
    buildhooks: branch('plain', commits[1]),
    packages: packageSet('tools'),
    stage: { name: 'ministage', image: 'gentoo-ministage', optimize: 'none', branches: undefined },
    cross: false,
    outputs: ['image', 'archive'],
    ...changes,
  };
}

export function siteOf(changes: Partial<Site> = {}): Site {
  const tuples = changes.tuples ?? [tupleOf()];
  return {
    directory: '/srv/net',
    name: 'net',
    id: undefined,
    head: undefined,
    cpus: tuples.map(({ cpu }) => cpu),
    stages: tuples.map(({ stage }) => stage),
    volumes: { binpkgs: undefined, distfiles: undefined, trees: [] },
    limits: { memory: undefined, cpus: undefined, bigPackages: [] },
    tmpfs: 'auto',
    ccache: false,
    engines: [],
    swarm: undefined,
    tuples,
    sets: tuples.map(({ packages }) => packages),
    repositories: [],
    uncommitted: [],
    notes: [],
    leftBehind: [],
    ...changes,
  };
}
