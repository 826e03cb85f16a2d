import { posix } from 'node:path';
import { readMakeConf, type MakeConf, type MakeConfVariable } from '../portage/configuration/make-conf.ts';
import type { ReadSource } from '../portage/configuration/make-conf-tokens.ts';
import {
  describeNoFile,
  everyPackage,
  isFatal,
  readPackageEnv,
  type EnvName,
} from '../portage/configuration/package-env.ts';
import { ReadingLimit } from '../portage/configuration/reading-limit.ts';
import { normalizePath } from '../portage/configuration/repos-conf.ts';
import type { BranchTree } from './branch-tree.ts';

/** The directory in which Portage looks for make.conf. */
const configuration = '/etc/portage';

/** The make.conf of a branch. Its positions have paths in the branch. */
export interface BranchMakeConf extends MakeConf {
  /** The paths of the links that lead out of the branch. Portage reads them in the root, and zentoo does not. */
  readonly linksOutside: readonly string[];
}

/**
 * Reads the make.conf of a branch, a file or a directory of files, with the files that it sources. Files outside the branch are
 * not read, because only the root has them.
 */
export function readBranchMakeConf(tree: BranchTree): BranchMakeConf {
  const listed = tree.list('make.conf');
  const files = listed.flatMap(({ path, resolved }) =>
    resolved.kind === 'file'
      ? [{ path: `${configuration}/${path}`, text: resolved.entry.read().toString('utf8') }]
      : [],
  );
  const { variables, faults, notes, unread } = readMakeConf(files, { readSource: sourceReader(tree) });
  return {
    variables: new Map([...variables].map(([name, { value, place }]) => [name, { value, place: inBranch(place) }])),
    faults: faults.map(({ place, message }) => ({ message, place: inBranch(place) })),
    notes: notes.map(({ place, message }) => ({ message, place: inBranch(place) })),
    unread: unread.map(({ place, message }) => ({ message, place: inBranch(place) })),
    linksOutside: listed.flatMap(({ path, resolved }) => (resolved.kind === 'file' ? [] : [path])),
  };
}

/** What is to say about package.env and the lines of the files that it names. Positions have paths in the branch. */
export function readEnvRemarks(
  tree: BranchTree,
  makeConf: Pick<MakeConf, 'variables'>,
): Pick<MakeConf, 'faults' | 'notes' | 'unread'> {
  const files = readEnvFiles(tree, makeConf);
  const all = (kind: 'faults' | 'notes' | 'unread') =>
    files.flatMap((file) => file[kind].map(({ place, message }) => ({ message, place: inBranch(place) })));
  const lost = readNames(tree).flatMap(({ path, place }) => {
    const found = tree.resolve(path);
    const kind = found.kind === 'missing' ? found.why : found.kind;
    if (kind === 'file' || kind === 'outside') return [];
    return [{ isFatal: isFatal(kind), remark: { place: inBranch(place), message: describeNoFile(path, kind) } }];
  });
  const remarks = (fatal: boolean) => lost.flatMap((one) => (one.isFatal === fatal ? [one.remark] : []));
  return {
    faults: [...remarks(true), ...all('faults')],
    notes: [...remarks(false), ...all('notes')],
    unread: all('unread'),
  };
}

/**
 * The variables of each file of `env/` that package.env names for all packages, without a slot or a repository. Portage adds them to
 * those of make.conf (`config.__init__`), so that they are settings of emerge itself. Positions have paths in the branch.
 */
export function readSettingsOfAll(
  tree: BranchTree,
  makeConf: Pick<MakeConf, 'variables'>,
): readonly (readonly [string, MakeConfVariable])[] {
  return readEnvFiles(tree, makeConf, (atom) => atom === everyPackage).flatMap(({ variables }) =>
    [...variables].map(([name, { value, place }]) => [name, { value, place: inBranch(place) }] as const),
  );
}

/** The absolute paths that files of `env/` set PORTAGE_TMPDIR to; each once, and without `/`. */
export function findTemporaryDirectories(tree: BranchTree): readonly string[] {
  const values = readEnvFiles(tree, readBranchMakeConf(tree)).map(
    ({ variables }) => variables.get('PORTAGE_TMPDIR')?.value ?? '',
  );
  return [...new Set(values.map(normalizePath))].filter((path) => path !== '' && path !== '/');
}

/**
 * Reads the files of `env/` that package.env names; portage(5). Portage reads each with the variables of make.conf. Positions have the
 * paths that Portage sees.
 */
function readEnvFiles(
  tree: BranchTree,
  { variables }: Pick<MakeConf, 'variables'>,
  isWanted: (atom: string) => boolean = () => true,
): readonly MakeConf[] {
  const known = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]));
  const readSource = sourceReader(tree);
  const limit = new ReadingLimit();
  const paths = readNames(tree).flatMap(({ atom, path }) => (isWanted(atom) ? [path] : []));
  return [...new Set(paths)].toSorted().flatMap((path) => {
    const found = tree.resolve(path);
    if (found.kind !== 'file') return [];
    return [readMakeConf([{ path, text: found.entry.read().toString('utf8') }], { readSource, known, limit })];
  });
}

/** The files that package.env names. */
function readNames(tree: BranchTree): readonly EnvName[] {
  return readPackageEnv(
    tree
      .list('package.env')
      .flatMap(({ path, resolved }) =>
        resolved.kind === 'file'
          ? [{ path: `${configuration}/${path}`, text: resolved.entry.read().toString('utf8') }]
          : [],
      ),
  );
}

/** Reads files that the branch has; the others are in the root only. */
function sourceReader(tree: BranchTree): ReadSource {
  return (path) => {
    const source = tree.resolve(path);
    if (source.kind === 'outside') return 'unknown';
    return source.kind === 'file' ? { text: source.entry.read().toString('utf8') } : undefined;
  };
}

function inBranch<T extends { readonly file: string }>(place: T): T {
  return { ...place, file: posix.relative(configuration, place.file) };
}
