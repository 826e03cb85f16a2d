/** An option of emerge. */
export interface EmergeOption {
  readonly name: string;
  /** The short option without its dash; undefined if there is none. */
  readonly short: string | undefined;
  /** Whether a value follows: never, always, or only if the next word is one. */
  readonly value: 'none' | 'required' | ValueKind;
}

/** The values of an option that may also have none (`insert_optional_args`). */
type ValueKind = 'y-or-n' | 'count' | 'number' | 'count-or-y-or-n' | 'rdeps' | 'format';

/** A list of options: `NAME` or `NAME:SHORT`, separated by white space. */
function options(list: string, value: EmergeOption['value']): readonly EmergeOption[] {
  return list
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [name = '', short] = word.split(':');
      return { name: `--${name}`, short, value };
    });
}

/** The options of emerge (`parse_opts` in _emerge/main.py, Portage 3.0.83). A test compares them with emerge's own. */
export const emergeOptions: readonly EmergeOption[] = [
  ...options(
    `check-news clean config depclean:c help:h info list-sets metadata moo prune:P rage-clean regen search:s status sync
     unmerge:C version:V`,
    'none',
  ),
  ...options(
    `alphabetical ask-enter-invalid buildpkgonly:B changed-use:U cols columns debug:d digest emptytree:e fetch-all-uri:F
     fetchonly:f ignore-default-opts newrepo newuse:N nobindeps nodeps:O noconfmem noreplace:n nospinner oneshot:1
     onlydeps:o pretend:p quiet-repo-display quiet-unmerge-warn resume:r searchdesc:S skip-first skipfirst tree:t
     unordered-display update:u update-if-installed verbose-conflicts`,
    'none',
  ),
  ...options(
    `alert:A ask:a autounmask autounmask-continue autounmask-keep-keywords autounmask-keep-masks autounmask-only
     autounmask-unrestricted-atoms autounmask-write binpkg-changed-deps binpkg-respect-use binpkg-respect-user-patches
     buildpkg:b changed-deps changed-deps-report changed-slot complete-graph depclean-lib-check deselect:W fail-clean
     fuzzy-search getbinpkg:g getbinpkgonly:G ignore-world keep-going onlydeps-with-ideps onlydeps-with-rdeps package-moves
     quiet:q quiet-build quiet-fail read-news rebuild-if-new-rev rebuild-if-new-slot rebuild-if-new-ver rebuild-if-unbuilt
     rebuilt-binaries select:w selective use-ebuild-visibility usepkg:k usepkg-exclude-live usepkgonly:K verbose:v
     verbose-missing-ebuilds verbose-slot-rebuilds with-test-deps`,
    'y-or-n',
  ),
  ...options('deep:D jobs-tmpdir-require-free-gb', 'count'),
  ...options('jobs:j', 'count-or-y-or-n'),
  ...options('load-average:l', 'number'),
  ...options('root-deps', 'rdeps'),
  ...options('circular-deps-report', 'format'),
  ...options(
    `accept-properties accept-restrict autounmask-backtrack autounmask-license autounmask-use backtrack buildpkg-exclude
     color complete-graph-if-new-use complete-graph-if-new-ver config-root dynamic-deps exclude:X getbinpkg-exclude
     getbinpkg-include ignore-built-slot-operator-deps ignore-soname-deps implicit-system-deps merge-wait-scope
     misspell-suggestions pkg-format prefix quickpkg-direct quickpkg-direct-root rebuild-exclude rebuild-ignore
     rebuilt-binaries-timestamp regex-search-auto reinstall reinstall-atoms root search-index search-similarity
     sync-submodule sysroot usepkg-exclude usepkg-include useoldpkg-atoms with-bdeps with-bdeps-auto`,
    'required',
  ),
];

const values: Readonly<Record<ValueKind, RegExp>> = {
  'y-or-n': /^[yn]$/,
  count: /^\s*\+?\d+(?:_\d+)*\s*$/,
  number: /^\s*\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i,
  'count-or-y-or-n': /^(?:[yn]|\s*\+?\d+(?:_\d+)*\s*)$/,
  rdeps: /^rdeps$/,
  format: /^(?:text|json)$/,
};

/** Whether emerge takes a word after an option for the option's value. */
export function isValueOf({ value }: EmergeOption, word: string): boolean {
  if (value === 'none') return false;
  return value === 'required' ? !word.startsWith('-') : values[value].test(word);
}
