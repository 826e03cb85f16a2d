import type { PackageArgument } from './atom.ts';

/** The emerge command that `emerge --pretend` predicts. */
export interface PretendRequest {
  readonly packages: readonly PackageArgument[];
  /** The options of the emerge to predict: `--update`, `--deep` and the like. */
  readonly options: readonly string[];
}

/**
 * The `emerge --pretend` command, whose output `parsePretendOutput` reads. It changes nothing. The command does not have
 * `--binpkg-respect-use`, because emerge lists the binary packages that it ignores only if the option is not given. With
 * `--autounmask=y`, emerge also proposes changes for masked packages, and exits with 1. The other autounmask options override
 * EMERGE_DEFAULT_OPTS, so that emerge writes no changes.
 */
export function pretendCommand({ packages, options }: PretendRequest): readonly string[] {
  return [
    ...['emerge', '--pretend', '--verbose=y', '--quiet=n', '--ask=n', '--usepkg=y', '--getbinpkg=n'],
    ...['--autounmask=y', '--autounmask-continue=n', '--autounmask-write=n'],
    ...options,
    '--color=n',
    ...packages,
  ];
}
