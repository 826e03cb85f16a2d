import type { Atom } from '../atom.ts';
import type { Suggestion } from '../output/pretend-output.ts';

/**
 * A remedy for a failure, as data. The programs describe it in a hint, because they know their own options and files: see
 * `builder/remedy-words.ts` and `plan/remedy-words.ts`. `src/plain-remedy.ts` describes the remedies that need neither. If one of
 * them lacks a remedy, TypeScript reports an error.
 */
export type Remedy = TreeRemedy | BuildRemedy | RequestRemedy | ConfigurationRemedy;

/** A remedy that concerns the ebuild repository or its sync. */
export type TreeRemedy = { readonly about: 'tree' } & (
  | { readonly kind: 'update-tree'; readonly reason: 'broken-ebuild' | 'damaged-tree' | 'missing-dependency' }
  /** The tree does not have the configured profile. */
  | { readonly kind: 'check-profile' }
  | { readonly kind: 'check-network' }
  /** A host has no address: its name may be wrong, or the network fails. */
  | { readonly kind: 'check-host-name' }
  /** No mirror gave a snapshot of the tree. */
  | { readonly kind: 'check-mirrors' }
  /** The server has as many connections as it allows. */
  | { readonly kind: 'sync-later' }
  /** The keys of the system that check signatures are expired, revoked or missing. */
  | { readonly kind: 'renew-keys' }
  /** The signature of a snapshot is missing or wrong. */
  | { readonly kind: 'sync-from-another-mirror' }
  | { readonly kind: 'check-sync-uri' }
  /** The clone has no branch with an upstream branch, and Portage cannot know from where to sync. */
  | { readonly kind: 'set-upstream' }
  /** The tree is a work tree or a submodule: its git directory is elsewhere, and not in the container. */
  | { readonly kind: 'clone-tree' }
);

/** A remedy that concerns a package that Portage tried to build. */
export type BuildRemedy = { readonly about: 'build' } & (
  | { readonly kind: 'read-package-message' }
  | { readonly kind: 'build-again' }
  /** A binary package cannot be used. */
  | { readonly kind: 'compile-again' }
  | { readonly kind: 'change-source'; readonly problem: 'checksum' | 'missing' }
  | { readonly kind: 'download-by-hand' }
  /** The package installs files where nothing can be installed: INSTALL_MASK leaves them out. */
  | { readonly kind: 'mask-installation'; readonly paths: readonly string[] }
  | {
      readonly kind: 'avoid-binary-package';
      /** `category/name`; undefined if it is not known. */
      readonly package: string | undefined;
    }
  | {
      readonly kind: 'free-disk-space';
      /** A directory of the container on the full file system; undefined if it is not known. */
      readonly directory: string | undefined;
    }
  | {
      readonly kind: 'avoid-tmpfs';
      /** The packages that are built on a volume already. */
      readonly bigPackages: readonly Atom[];
      /** `category/name` of the package that filled the tmpfs, if it is known. */
      readonly package: string | undefined;
    }
  | {
      readonly kind: 'use-less-memory';
      /** The size in bytes of the tmpfs on which packages are built; undefined if they are built on a volume. */
      readonly tmpfsSize: number | undefined;
    }
);

/** A remedy that changes the request to Portage. */
export type RequestRemedy = { readonly about: 'request' } & (
  | { readonly kind: 'check-emerge-options' }
  | { readonly kind: 'choose-set'; readonly sets: readonly string[] }
  | { readonly kind: 'add-category' }
  | { readonly kind: 'check-name' }
  | { readonly kind: 'choose-similar-package'; readonly packages: readonly string[] }
  | { readonly kind: 'choose-version' }
  /** The Portage or the bash of the system is too old for the ebuild. */
  | { readonly kind: 'update-portage' }
  /** emerge may install binary packages only, and no binary package fits. */
  | { readonly kind: 'allow-ebuilds' }
  /** Two versions of a package are needed in one slot. */
  | { readonly kind: 'separate-versions' }
  /** Two packages block each other. */
  | { readonly kind: 'separate-blockers' }
);

/** A remedy that changes /etc/portage. */
export type ConfigurationRemedy = { readonly about: 'configuration' } &
  /** No version of the package has the USE flag. */
  (
    | { readonly kind: 'drop-use-flag' }
    /** A line of a configuration file sources a file that does not exist. */
    | { readonly kind: 'correct-source' }
    | {
        readonly kind: 'change-use-flags';
        /** The flags as in USE: `ssl`, `-gtk`; empty if Portage does not name them. */
        readonly flags: readonly string[];
      }
    | {
        readonly kind: 'break-dependency-cycle';
        /** The changes of USE flags of which each may break the cycle; empty if emerge proposes none. */
        readonly alternatives: readonly Suggestion[];
      }
    | {
        readonly kind: 'unmask';
        readonly mask: Mask;
        /** The other masks of the same version, if there are any: it is accepted only if all of them are lifted. */
        readonly others?: readonly Mask[];
        /** The line that unmasks the newest version; empty if the version is masked in several ways. */
        readonly suggestions: readonly Suggestion[];
      }
    | {
        readonly kind: 'accept-changes';
        /** The USE flags among the changes; empty if the changes are of another kind. */
        readonly flags: readonly string[];
        readonly suggestions: readonly Suggestion[];
      }
  );

/** The kind of mask for which Portage refuses a version (`portage.package.ebuild.getmaskingstatus`). */
export type Mask = 'licence' | 'missing-keyword' | 'testing-keyword' | 'package.mask';
