import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { readSettingFiles } from '../../../src/builder/base/setting-files.ts';
import { filesAt, isRepository } from '../../../src/container/tree.ts';
import type { PathStat } from '../../../src/engine/containers.ts';
import { findBranchFile } from '../../../src/plan/branch-file.ts';
import { explainOtherOrigin } from '../../../src/portage/configuration/repository-origin.ts';
import { failuresOf } from '../../../src/failure.ts';
import { findTemporaryDirectories } from '../../../src/site/branch-make-conf.ts';
import { BranchTree } from '../../../src/site/branch-tree.ts';
import { Diagnostics } from '../../../src/site/diagnostics.ts';
import { decodeText } from '../../../src/site/read-text-file.ts';
import { checkBranchMakeConf } from '../../../src/site/read/check-branch-make-conf.ts';
import { readOwnSets } from '../../../src/site/read/own-sets.ts';
import { readSetText, type ParsedSet } from '../../../src/site/read/package-set.ts';
import { notePatchLinks } from '../../../src/site/read/patch-links.ts';
import { readSharedSets } from '../../../src/site/read/shared-sets.ts';
import { readConfiguredSets } from '../../../src/zentoo/sets/repository-set-names.ts';
import type {
  ConfigurationFile,
  ConfigurationFiles,
} from '../../unit/portage/configuration/make-conf/generated-files.ts';
import { bytesOf, entriesOf, isLink } from '../corpus.ts';

const unchanged = (path: string): string => path;

/** The messages of diagnostics, each with its position. */
export function messagesOf(diagnostics: Diagnostics): readonly string[] {
  try {
    diagnostics.throwIfAny();
    return [];
  } catch (error) {
    return failuresOf(error).map(({ message }) => message);
  }
}

/** The files of a case with `@/` replaced by a directory. */
function placed(files: ConfigurationFiles, root = '/'): ConfigurationFiles {
  const replace = (content: ConfigurationFile): ConfigurationFile => {
    if (typeof content === 'string') return content.replaceAll('@/', root);
    return isLink(content) ? { link: content.link.replaceAll('@/', root) } : content;
  };
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, replace(content)]));
}

/** The tree of a branch with the files of a case that are not outside it. */
function branchOf(files: ConfigurationFiles) {
  const inside = Object.entries(placed(files)).filter(([path]) => !path.startsWith('/'));
  const entries = entriesOf(Object.fromEntries(inside));
  return { entries, tree: new BranchTree(entries) };
}

/** The atoms and the sets of a set file, and the lines that are faults, without those that Portage reads: a second atom, an odd name of a set. */
export function readSet(files: ConfigurationFiles) {
  const faults = new Diagnostics();
  const text = decodeText(bytesOf(files['set'] ?? ''), 'set', faults, 'as-portage') ?? '';
  const { set } = readSetText(text, 'set', 'set', faults);
  const messages = messagesOf(faults).filter((message) => !/a line has one atom|^set:\d+:\d+: '?@/.test(message));
  const refused = messages.map((message) => Number(/^set:(\d+):/.exec(message)?.[1]));
  return { text, atoms: set.atoms, sets: set.sets, refused };
}

const isReadable = ({ faults }: ParsedSet): boolean =>
  messagesOf(faults).every((message) => !/(?:is|to) a directory/.test(message));

/** The names of the sets of a branch, and those of a site's shared sets, without those that cannot be read. */
export function readSetNames(files: ConfigurationFiles): {
  readonly own: readonly string[];
  readonly shared: readonly string[];
} {
  const { entries, tree } = branchOf(files);
  const names = (sets: ReadonlyMap<string, ParsedSet>) =>
    [...sets.values()]
      .filter(isReadable)
      .map(({ set }) => set.name)
      .toSorted();
  const own = names(readOwnSets(entries, tree, unchanged, new Diagnostics()));
  const site = mkdtempSync(join(tmpdir(), 'sets-'));
  try {
    for (const [path, content] of Object.entries(placed(files, join(site, 'config/portage/')))) {
      const full = path.startsWith('/') ? join(site, path) : join(site, 'config/portage', path);
      mkdirSync(dirname(full), { recursive: true });
      if (isLink(content)) symlinkSync(content.link, full);
      else writeFileSync(full, bytesOf(content));
    }
    const { sets } = readSharedSets(site, false, () => false, new Diagnostics());
    return { own, shared: names(sets) };
  } finally {
    rmSync(site, { recursive: true });
  }
}

/** The names of the sets that two repositories and the user's sets.conf define; the second repository and /etc/portage are below the first. */
export async function readSetsOfRepositories(files: ConfigurationFiles): Promise<readonly string[]> {
  const place = '/repository';
  const trees = [
    { name: 'mine', location: place, place },
    { name: 'other', location: `${place}/other`, place: `${place}/other` },
  ];
  const all = placed(files, `${place}/`);
  const text = all['configuration/etc/portage/sets.conf'];
  const setsConf = text === undefined || isLink(text) ? [] : [bytesOf(text).toString('utf8')];
  const sets = await readConfiguredSets(probeOf(all, place), trees, { setsConf, paths: [] });
  return sets.map(({ name }) => name).toSorted();
}

/** Whether the files are a repository, and whether they are that of a name. */
export async function readRepository(files: ConfigurationFiles, name: string | null) {
  const probe = probeOf(placed(files), '/tree');
  const at = filesAt(probe, '/tree');
  const repoName = await at.readText('profiles/repo_name');
  const layoutConf = await at.readText('metadata/layout.conf');
  const wanted = { name: name ?? 'x', syncType: '', syncUri: '' };
  const other = explainOtherOrigin({ repoName, layoutConf, gitConfig: undefined, timestamp: undefined }, wanted, {
    syncs: false,
  });
  return { isRepository: await isRepository(at), other };
}

/** The values of PORTAGE_TMPDIR in the files that package.env names. */
export function readPackageEnv(files: ConfigurationFiles): readonly string[] {
  return findTemporaryDirectories(branchOf(files).tree).toSorted();
}

/** Whether a PORTDIR=/old is refused because the profile is below it. */
export function hasProfileBelowOld(files: ConfigurationFiles): boolean {
  const { tree } = branchOf({ ...files, 'make.conf': 'PORTDIR=/old\n' });
  const diagnostics = new Diagnostics();
  checkBranchMakeConf(tree, [], unchanged, diagnostics);
  return messagesOf(diagnostics).some((message) => message.includes('PORTDIR is obsolete and differs'));
}

/** Whether a patch of the branch is noted because emerge fails at it. */
export function hasBrokenPatch(files: ConfigurationFiles): boolean {
  return notePatchLinks(branchOf(files).tree, unchanged).length > 0;
}

/** The file for a line of package.use, as Portage would name a new one. */
export function findUseFile(files: ConfigurationFiles): string {
  const { path } = findBranchFile('package.use', branchOf(files).entries);
  return path.replace(/zz-zentoo$/, 'zz-autounmask');
}

/** The files of make.conf, as zentoo and as gentoo-builder list them. */
export async function listMakeConf(files: ConfigurationFiles) {
  const zentoo = branchOf(files)
    .tree.list('make.conf')
    .flatMap(({ path, resolved }) => (resolved.kind === 'file' || resolved.kind === 'outside' ? [path] : []));
  const probe = probeOf(placed(files), '/etc/portage');
  const directory = { path: '/etc/portage', ...(await probe.readDirectory('/etc/portage')) };
  const builder = (await readSettingFiles(probe, directory, 'make.conf')).map(({ path }) =>
    posix.relative('/etc/portage', path),
  );
  return { zentoo, builder };
}

/** A probe of files below a directory; a path that begins with `/` is absolute. */
function probeOf(files: ConfigurationFiles, place: string) {
  const all = new Map(
    Object.entries(files).map(([path, content]) => [path.startsWith('/') ? path : `${place}/${path}`, content]),
  );
  const isDirectory = (path: string) => [...all.keys()].some((other) => other.startsWith(`${path}/`));
  const resolve = (path: string, links = 0): string | undefined => {
    let at = '';
    const parts = path.split('/').filter((part) => part !== '');
    for (const [index, part] of parts.entries()) {
      at = posix.join('/', at, part);
      const content = all.get(at);
      if (content === undefined || !isLink(content)) continue;
      if (links > 40) return undefined;
      return resolve([posix.resolve(posix.dirname(at), content.link), ...parts.slice(index + 1)].join('/'), links + 1);
    }
    return at === '' ? '/' : at;
  };
  /** The path with the links of its directories followed, as the archive calls of an engine have it. */
  const find = (path: string) => posix.join(resolve(posix.dirname(path)) ?? '/none', posix.basename(path));
  const stat = async (path: string): Promise<PathStat | undefined> => {
    const full = find(path);
    const content = all.get(full);
    if (content === undefined && !isDirectory(full)) return undefined;
    const link = content !== undefined && isLink(content) ? content.link : '';
    const kind = content === undefined ? 'directory' : link === '' ? 'file' : 'symlink';
    return { name: posix.basename(path), size: 0, modified: new Date(0), kind, linkTarget: link };
  };
  const below = (directory: string) => {
    const full = `${resolve(directory) ?? '/none'}/`;
    return [...all]
      .filter(([path]) => path.startsWith(full))
      .map(([path, content]) => [path.slice(full.length), content] as const);
  };
  return {
    stat,
    exists: async (path: string) => (await stat(path)) !== undefined,
    readText: async (path: string) => {
      const content = all.get(find(path));
      return content === undefined || isLink(content) ? undefined : bytesOf(content).toString('utf8');
    },
    listFiles: async (directory: string) =>
      below(directory).map(([path, content]) => JSON.stringify([path, isLink(content) ? 'symlink' : 'file', 0, 0])),
    readDirectory: async (directory: string) => ({
      texts: new Map(
        below(directory).flatMap(([path, content]) =>
          isLink(content) ? [] : [[path, bytesOf(content).toString('utf8')]],
        ),
      ),
      links: new Map(below(directory).flatMap(([path, content]) => (isLink(content) ? [[path, content.link]] : []))),
    }),
  };
}
