import { workDirectory } from '../container/work-directories.ts';
import type {
  BuildRemedy,
  ConfigurationRemedy,
  Mask,
  Remedy,
  RequestRemedy,
  TreeRemedy,
} from '../portage/explain/remedy.ts';
import {
  describePlainRemedy,
  describeFullPlace,
  isPlainRemedy,
  treeFaults,
  type PlainRemedy,
} from '../plain-remedy.ts';
import type { Suggestion } from '../portage/output/pretend-output.ts';
import { formatMemorySize } from '../quantity.ts';

/** Describes a remedy as the hint of a failure, with the options of gentoo-builder. */
export function describeBuilderRemedy(remedy: Remedy): string {
  if (isPlainRemedy(remedy)) return describePlainRemedy(remedy);
  switch (remedy.about) {
    case 'tree':
      return describeTreeRemedy(remedy);
    case 'build':
      return describeBuildRemedy(remedy);
    case 'request':
      return describeRequestRemedy(remedy);
    case 'configuration':
      return describeConfigurationRemedy(remedy);
  }
}

function describeTreeRemedy(remedy: Exclude<TreeRemedy, PlainRemedy>): string {
  switch (remedy.kind) {
    case 'update-tree':
      return `${treeFaults[remedy.reason]}: sync the tree; omit --no-sync if it was given`;
    case 'check-profile':
      return 'the tree does not have the profile that the base is configured for: omit --no-sync if it was given';
    case 'check-network':
      return 'check the network of the engine, or build from the tree as it is with --no-sync';
    case 'check-host-name':
      return "check the name of the host in sync-uri in the base's /etc/portage/repos.conf (with webrsync: in GENTOO_MIRRORS), and the network of the engine, or build from the tree as it is with --no-sync";
    case 'check-mirrors':
      return 'check GENTOO_MIRRORS in a file given as --make-conf; if no mirror answered, check the network of the engine; or build from the tree as it is with --no-sync';
    case 'check-sync-uri':
      return "check sync-uri in the base's /etc/portage/repos.conf, or build from the tree as it is with --no-sync";
  }
}

function describeBuildRemedy(remedy: Exclude<BuildRemedy, PlainRemedy>): string {
  switch (remedy.kind) {
    case 'change-source':
      return `${sourceFaults[remedy.problem]}, or choose another mirror by GENTOO_MIRRORS in a file given as --make-conf`;
    case 'free-disk-space':
      return `free space ${describeFullPlace(remedy.directory, 'docker system df')}${orUseLess(remedy.directory)}`;
    case 'avoid-tmpfs':
      return 'build on a volume with --tmpfs off, or make the tmpfs larger with --tmpfs SIZE';
    case 'mask-installation':
      return `leave these files out: INSTALL_MASK="${remedy.paths.join(' ')}" in a file given as --make-conf`;
    case 'avoid-binary-package':
      return `compile the package each time: --emerge-option=--usepkg-exclude=${remedy.package ?? 'PACKAGE'}, or --no-binpkgs`;
    case 'use-less-memory':
      return (
        'build with fewer processes: --jobs 1, and MAKEOPTS="-j1" in a file given as --make-conf; or give the engine more memory' +
        (remedy.tmpfsSize === undefined
          ? ''
          : `; the tmpfs takes up to ${formatMemorySize(remedy.tmpfsSize)} of it: --tmpfs off`)
      );
  }
}

/** Only builds need less space if there are fewer at a time; trees, sources, packages and logs do not. */
function orUseLess(directory: string | undefined): string {
  const isOfBuilds = directory === undefined || directory === '/' || directory.startsWith(workDirectory);
  return isOfBuilds ? ', or build fewer packages at once with --jobs 1' : '';
}

const sourceFaults = {
  checksum: 'the tree may be older than the source: omit --no-sync if it was given',
  missing: 'check the network of the engine; if the source has moved, sync the tree (omit --no-sync if it was given)',
} as const;

function describeRequestRemedy(remedy: Exclude<RequestRemedy, PlainRemedy>): string {
  switch (remedy.kind) {
    case 'check-emerge-options':
      return 'check what is given as --emerge-option';
    case 'check-name':
      return 'check the name and the version, and the slot and the repository if they are given; a newer tree may have it: omit --no-sync if it was given';
    case 'update-portage':
      return 'the Portage or the bash of the base is too old for this ebuild: build from a newer base, or ask for another version';
    case 'allow-ebuilds':
      return 'leave --usepkgonly and --getbinpkgonly out of the --emerge-options, and out of EMERGE_DEFAULT_OPTS in the make.conf';
    case 'separate-versions':
      return 'build what needs the one version without what needs the other, or try --emerge-option=--backtrack=100';
    case 'separate-blockers':
      return 'build the packages in different images, or ask for versions that do not block each other';
  }
}

/** Lets emerge change its configuration as it proposes; tried with Portage 3.0.83. */
const autounmask = '--emerge-option=--autounmask=y --emerge-option=--autounmask-continue=y';

function describeConfigurationRemedy(remedy: Exclude<ConfigurationRemedy, PlainRemedy>): string {
  switch (remedy.kind) {
    case 'change-use-flags':
      return `change the USE flags with --use${remedy.flags.length === 0 ? '' : ` "${remedy.flags.join(' ')}"`}`;
    case 'break-dependency-cycle':
      return describeCycle(remedy.alternatives);
    case 'unmask':
      return describeUnmasking(remedy);
    case 'accept-changes':
      return remedy.flags.length === 0
        ? `let emerge make the changes: ${autounmask}`
        : `change the USE flags with --use "${remedy.flags.join(' ')}", or let emerge change them: --emerge-option=--autounmask-continue=y`;
  }
}

/** Words the changes that emerge proposes; without a proposal there is no flag to name. */
function describeCycle(alternatives: readonly Suggestion[]): string {
  const uses = alternatives.map(({ line }) => `--use="${line.replace(/^\S+ /, '')}"`);
  if (uses.length === 0)
    return 'emerge proposes no USE flag that breaks the cycle: build without an optional dependency of one of these packages, with --use';
  return `emerge proposes to build once with ${[...new Set(uses)].join(' or ')}; the change can be reverted in an image that is built from this one`;
}

function describeUnmasking({
  mask,
  others = [],
  suggestions,
}: Extract<ConfigurationRemedy, { readonly kind: 'unmask' }>): string {
  if (others.length > 0) return describeSeveralMasks([mask, ...others]);
  const [line] = suggestions.map((one) => one.line);
  const atom = line?.replace(/ .*/, '');
  if (mask !== 'missing-keyword' || line === undefined) return unmasking[mask];
  return `nobody has tested the package on this architecture: to build it anyway, ask for '${atom}' and let emerge accept its keyword (${line}): ${autounmask}`;
}

/** One mask is of no use alone: emerge lifts all of them. */
function describeSeveralMasks(masks: readonly Mask[]): string {
  const licence = masks.includes('licence') ? '--emerge-option=--autounmask-license=y ' : '';
  return `the version is masked in several ways: ask for another version, or let emerge lift all of its masks: ${licence}${autounmask}`;
}

const unmasking: Readonly<Record<Mask, string>> = {
  licence:
    'accept the licence with ACCEPT_LICENSE in a file given as --make-conf, or let emerge accept it: ' +
    '--emerge-option=--autounmask-license=y --emerge-option=--autounmask-continue=y',
  'missing-keyword': `nobody has tested the package on this architecture: to build it anyway, ask for one version and let emerge accept its keyword: ${autounmask}`,
  'testing-keyword': `accept the keyword with ACCEPT_KEYWORDS in a file given as --make-conf, or let emerge accept it: ${autounmask}`,
  'package.mask': `ask for another version, or let emerge unmask it: ${autounmask}`,
};
