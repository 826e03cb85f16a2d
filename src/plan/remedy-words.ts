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
import type { PortageBranch } from '../site/site.ts';
import { describeSuggestions } from './branch-file.ts';

/** The branch of `config/portage` that configures a tuple. */
type Branch = Pick<PortageBranch, 'name' | 'entries'>;

/**
 * Describes a remedy as the hint of a failure, for the keeper of a site: it names the file of `branch` to change, `site.yaml`
 * or the command of zentoo.
 */
export function describeSiteRemedy(remedy: Remedy, branch: Branch): string {
  if (isPlainRemedy(remedy)) return describePlainRemedy(remedy);
  switch (remedy.about) {
    case 'tree':
      return describeTreeRemedy(remedy, branch);
    case 'build':
      return describeBuildRemedy(remedy, branch);
    case 'request':
      return describeRequestRemedy(remedy, branch);
    case 'configuration':
      return describeConfigurationRemedy(remedy, branch);
  }
}

/** Describes the location of a file of /etc/portage in a site. */
const fileOf = (name: string, branch: Branch): string => `${name} of the branch ${branch.name} of config/portage`;

function describeTreeRemedy(remedy: Exclude<TreeRemedy, PlainRemedy>, branch: Branch): string {
  switch (remedy.kind) {
    case 'update-tree':
      return `${treeFaults[remedy.reason]}: sync the trees with zentoo sync`;
    case 'check-profile':
      return `correct the link ${fileOf('make.profile', branch)}, because the tree does not have this profile, or sync the trees with zentoo sync`;
    case 'check-network':
      return 'check the network of the engine; builds use the tree as it is';
    case 'check-host-name':
      return `check the name of the host in sync-uri in ${fileOf('repos.conf', branch)} (with webrsync: in GENTOO_MIRRORS), and the network of the engine; builds use the tree as it is`;
    case 'check-mirrors':
      return `check GENTOO_MIRRORS in ${fileOf('make.conf', branch)}; if no mirror answered, check the network of the engine; builds use the tree as it is`;
    case 'check-sync-uri':
      return `check sync-uri in ${fileOf('repos.conf', branch)}; builds use the tree as it is`;
  }
}

function describeBuildRemedy(remedy: Exclude<BuildRemedy, PlainRemedy>, branch: Branch): string {
  switch (remedy.kind) {
    case 'change-source':
      return `${sourceFaults[remedy.problem]}, or choose another mirror by GENTOO_MIRRORS in ${fileOf('make.conf', branch)}`;
    case 'free-disk-space':
      return `free space ${describeFullPlace(remedy.directory, 'docker system df')}`;
    case 'avoid-tmpfs':
      return describeLargerTmpfs(remedy);
    case 'mask-installation':
      return `leave these files out: INSTALL_MASK="${remedy.paths.join(' ')}" in ${fileOf('make.conf', branch)}`;
    case 'avoid-binary-package':
      return `name the file in PKG_INSTALL_MASK in ${fileOf('make.conf', branch)}, and make it in the hook finish`;
    case 'use-less-memory':
      return (
        `build with fewer processes: MAKEOPTS="-j1" in ${fileOf('make.conf', branch)}; or give the engine more memory` +
        (remedy.tmpfsSize === undefined
          ? ''
          : `; the tmpfs takes up to ${formatMemorySize(remedy.tmpfsSize)} of it: tmpfs: off in site.yaml`)
      );
  }
}

const sourceFaults = {
  checksum: 'the tree may be older than the source: sync the trees with zentoo sync',
  missing: 'check the network of the engine; if the source has moved, sync the trees with zentoo sync',
} as const;

function describeLargerTmpfs({
  bigPackages,
  package: name,
}: Extract<BuildRemedy, { readonly kind: 'avoid-tmpfs' }>): string {
  const forAll = 'build all packages on a volume (tmpfs: off), or make the tmpfs larger (tmpfs: SIZE)';
  if (name === undefined) return `in site.yaml, ${forAll}`;
  const atoms = [...new Set<string>([...bigPackages, name])];
  const words = atoms.map((atom) => (/^[\w/+-]+$/.test(atom) ? atom : `'${atom}'`));
  return `build ${name} on a volume, by this line below limits: in site.yaml: big-packages: [${words.join(', ')}]; or ${forAll}`;
}

function describeRequestRemedy(remedy: Exclude<RequestRemedy, PlainRemedy>, branch: Branch): string {
  switch (remedy.kind) {
    case 'check-emerge-options':
      return `check EMERGE_DEFAULT_OPTS in ${fileOf('make.conf', branch)}; the Portage of the stage may also be too old for an option`;
    case 'check-name':
      return 'check the name and the version, and the slot and the repository if they are given; a newer tree may have it: sync the trees with zentoo sync';
    case 'update-portage':
      return 'the Portage or the bash of the stage is too old for this ebuild: use a newer stage, or ask for another version';
    case 'allow-ebuilds':
      return `let emerge compile: EMERGE_DEFAULT_OPTS in ${fileOf('make.conf', branch)} allows binary packages only`;
    case 'separate-versions':
      return `put the packages that need one version and the packages that need the other into different sets, or mask one version in ${fileOf('package.mask', branch)}`;
    case 'separate-blockers':
      return 'put the packages into different sets, or ask for versions that do not block each other';
  }
}

function describeConfigurationRemedy(remedy: Exclude<ConfigurationRemedy, PlainRemedy>, branch: Branch): string {
  switch (remedy.kind) {
    case 'change-use-flags': {
      const flags = remedy.flags.length === 0 ? '' : `: ${remedy.flags.join(' ')}`;
      return `change the USE flags in ${fileOf('package.use', branch)}${flags}`;
    }
    case 'break-dependency-cycle':
      return describeCycle(remedy.alternatives, branch);
    case 'unmask':
      return (
        describeSuggestions(remedy.suggestions, branch) ??
        [remedy.mask, ...(remedy.others ?? [])].map((mask) => describeUnmasking(mask, branch)).join('; and ')
      );
    case 'accept-changes':
      return (
        describeSuggestions(remedy.suggestions, branch) ??
        `write the changes into ${fileOf('the files', branch)}, and commit`
      );
  }
}

function describeCycle(alternatives: readonly Suggestion[], branch: Branch): string {
  const [first] = alternatives;
  if (first === undefined)
    return `emerge proposes no USE flag that breaks the cycle: build one of these packages without an optional dependency, by ${fileOf('package.use', branch)}`;
  if (alternatives.length === 1) return describeSuggestions(alternatives, branch) ?? '';
  return `emerge proposes any one of these lines:\n${alternatives.map(({ line }) => `  ${line}`).join('\n')}\n${describeSuggestions([first], branch)}`;
}

function describeUnmasking(mask: Mask, branch: Branch): string {
  switch (mask) {
    case 'licence':
      return `accept the licence in ${fileOf('package.license', branch)}`;
    case 'missing-keyword':
      return `nobody has tested the package on this architecture: to build it anyway, accept ** in ${fileOf('package.accept_keywords', branch)}`;
    case 'testing-keyword':
      return `accept the keyword in ${fileOf('package.accept_keywords', branch)}`;
    case 'package.mask':
      return `ask for another version, or unmask it in ${fileOf('package.unmask', branch)}`;
  }
}
