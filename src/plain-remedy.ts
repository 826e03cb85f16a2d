import type { Remedy } from './portage/explain/remedy.ts';

/** The remedies whose words name no option, file or command of a program. */
const plainKinds = [
  'sync-from-another-mirror',
  'sync-later',
  'renew-keys',
  'set-upstream',
  'clone-tree',
  'read-package-message',
  'build-again',
  'compile-again',
  'download-by-hand',
  'choose-set',
  'add-category',
  'choose-similar-package',
  'choose-version',
  'drop-use-flag',
  'correct-source',
] as const satisfies readonly Remedy['kind'][];

/** A remedy that all programs put into the same words: portage/ returns it as data, as all remedies. */
export type PlainRemedy = Extract<Remedy, { readonly kind: (typeof plainKinds)[number] }>;

/** Whether all programs put a remedy into the same words. */
export function isPlainRemedy(remedy: Remedy): remedy is PlainRemedy {
  return plainKinds.some((kind) => kind === remedy.kind);
}

/** Words a remedy as the hint of a failure. */
export function describePlainRemedy(remedy: PlainRemedy): string {
  switch (remedy.kind) {
    case 'sync-from-another-mirror':
      return 'the tree was not replaced, because the signature is missing or wrong: sync again later, from another mirror';
    case 'sync-later':
      return 'the server has as many connections as it allows: sync again later';
    case 'renew-keys':
      return 'the signature cannot be checked, because the keys of the base are too old or missing, so the tree was not replaced: use a newer stage, or a newer sec-keys/openpgp-keys-gentoo-release';
    case 'set-upstream':
      return 'Portage syncs a clone from the upstream of its branch: choose a branch (git switch BRANCH), and set its upstream (git branch --set-upstream-to=origin/BRANCH)';
    case 'clone-tree':
      return 'a work tree or a submodule of git cannot be synced in a container: clone the repository into the directory of the tree (git clone)';
    case 'read-package-message':
      return 'the package refuses to be built in this way: read its message above';
    case 'build-again':
      return 'build again: something may have changed the tree during the build; if it happens again, report it to Portage';
    case 'compile-again':
      return 'build again: the check before each build sets such a file aside, and the package is compiled';
    case 'download-by-hand':
      return 'download the sources into the volume that is mounted at /var/cache/distfiles';
    case 'choose-set':
      return `name one of these sets: ${remedy.sets.join(', ')}`;
    case 'add-category':
      return 'name the package with its category';
    case 'choose-similar-package':
      return remedy.packages.length > 1 ? 'name one of these packages' : `name the package ${remedy.packages.join('')}`;
    case 'choose-version':
      return 'ask for another version';
    case 'correct-source':
      return 'remove the source line at this position, or put the file that it names in place';
    case 'drop-use-flag':
      return 'no version of the package has this USE flag: ask for the package without it';
  }
}

/** The faults that an updated tree may fix, as the first half of a hint; the second half says how to update the tree. */
export const treeFaults: Readonly<Record<Extract<Remedy, { readonly kind: 'update-tree' }>['reason'], string>> = {
  'broken-ebuild': 'the ebuild is broken, and a newer tree may have a corrected one',
  'damaged-tree':
    'if a file was edited, run `ebuild FILE manifest`, because a sync loses the edit; otherwise the tree is damaged',
  'missing-dependency': 'the tree has no version that satisfies the dependency, and a newer tree may have one',
};

/** The place where space has to be freed, in words. `command` is the command that shows what uses the engine's space. */
export function describeFullPlace(directory: string | undefined, command: string): string {
  const isOfEngine = directory === undefined || directory === '/';
  if (isOfEngine) return `where the engine keeps containers and volumes (${command})`;
  return `in the volume or directory that is mounted at ${directory}`;
}
