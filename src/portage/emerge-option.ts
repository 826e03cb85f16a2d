/** Options of emerge(1) that select another action than installing packages, or that wait for an answer. */
const otherActions = new Map(
  Object.entries({
    '--ask': '-a',
    '--autounmask-only': '',
    '--buildpkgonly': '-B',
    '--check-news': '',
    '--clean': '',
    '--config': '',
    '--config-root': '',
    '--depclean': '-c',
    '--deselect': '-W',
    '--fetch-all-uri': '-F',
    '--fetchonly': '-f',
    '--help': '-h',
    '--info': '',
    '--list-sets': '',
    '--metadata': '',
    '--moo': '',
    '--prefix': '',
    '--pretend': '-p',
    '--prune': '-P',
    '--rage-clean': '',
    '--regen': '',
    '--resume': '-r',
    '--root': '',
    '--search': '-s',
    '--searchdesc': '-S',
    '--sync': '',
    '--sysroot': '',
    '--unmerge': '-C',
    '--version': '-V',
  }),
);

const maximumLength = 4096;

/**
 * Tells why `text` cannot be an option of emerge in a build, as the end of a sentence; undefined if it can. emerge itself
 * refuses options that it does not know. Source: emerge(1), "ACTIONS" and "OPTIONS".
 */
export function emergeOptionProblem(text: string): string | undefined {
  if (!/^--?[A-Za-z0-9]/.test(text)) return 'does not begin with a dash and a letter';
  // eslint-disable-next-line no-control-regex -- the pattern looks for control characters
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'has a control character in it';
  if (text.length > maximumLength) return `is longer than ${maximumLength} characters`;
  const [action] = otherActionsOf(text);
  if (action === undefined) return undefined;
  if (text.startsWith('--')) return `would make emerge do something else than build (${action})`;
  return `has ${otherActions.get(action)} (${action}) in it, which is not a build`;
}

/** The options in a word of emerge's command line with which emerge does something else than installing packages. */
function otherActionsOf(word: string): readonly string[] {
  const name = word.replace(/=.*/s, '');
  const value = word.slice(name.length + 1);
  // emerge accepts abbreviated options (argparse, "allow_abbrev").
  if (word.startsWith('--')) {
    if (value === 'n' || name === '--buildpkg' || name === '--autounmask') return [];
    return [...otherActions.keys()].filter((other) => other.startsWith(name)).slice(0, 1);
  }
  // A word of short options is a bundle: -avp is --ask --verbose --pretend.
  return [...otherActions].flatMap(([action, short]) =>
    short !== '' && word.slice(1).includes(short.slice(1)) ? [action] : [],
  );
}

/** Options without effect in EMERGE_DEFAULT_OPTS: builds override --ask, and emerge takes the others from its command line only. */
const withoutEffect: ReadonlySet<string> = new Set(['--ask', '--config-root', '--prefix', '--root', '--sysroot']);

/** The first option in the value of EMERGE_DEFAULT_OPTS with which emerge installs nothing. */
export function defaultAction(options: string): string | undefined {
  const actions = options.split(/\s+/).flatMap((word) => (/^--?[A-Za-z0-9]/.test(word) ? otherActionsOf(word) : []));
  return actions.find((action) => !withoutEffect.has(action));
}

/**
 * Whether options let emerge install nothing but binary packages: `--usepkgonly` or `--getbinpkgonly`, also abbreviated or in a
 * bundle of short options (`-1K`). The last of them counts.
 */
export function installsOnlyBinaries(options: readonly string[]): boolean {
  const last = options.findLast((option) => onlyBinaries.test(option));
  return last !== undefined && !/=(?:n|False)$/.test(last);
}

// The shortest abbreviation that argparse accepts also fits neither --usepkg-exclude nor --getbinpkg.
const onlyBinaries = /^(?:--(?:usepkg|getbinpkg)o(?:n(?:ly?)?)?(?:=.*)?|-(?=[A-Za-z0-9]*[KG])[A-Za-z0-9]+(?:=.*)?)$/;
