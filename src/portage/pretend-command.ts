import type { PackageArgument } from './atom.ts';

/** What would be emerged, and how. */
export interface PretendRequest {
  readonly packages: readonly PackageArgument[];
  /** `--update`, `--deep` and the like, exactly those of the emerge that this one foretells. */
  readonly options: readonly string[];
}

/**
 * Asks emerge what it would do, so that `parsePretendOutput` can read it; nothing is changed. There is no
 * `--binpkg-respect-use`: only by default, for which there is no value, emerge says which binary packages it did not take,
 * and what it would merge is the same as with `y` (emerge(1)). With `--autounmask=y` it says for masks as well what the
 * configuration would need, and ends with 1; the others keep what the branch sets in EMERGE_DEFAULT_OPTS from writing it.
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
