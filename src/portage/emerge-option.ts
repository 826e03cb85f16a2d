import { emergeOptions } from './emerge-options.ts';
import { readEmergeWords, type GivenOption } from './emerge-words.ts';
import { splitShellWords } from './shell-words.ts';

/**
 * What emerge does with an option instead of installing the packages of its command line: it installs nothing, or only their
 * dependencies, or only those that are installed already; it waits for an answer; or it works on another root.
 */
type Effect = 'nothing' | 'dependencies' | 'installed' | 'question' | 'root';

/** The options with another effect than installing the packages; emerge(1), "ACTIONS" and "OPTIONS". */
const effects: ReadonlyMap<string, Effect> = new Map([
  ...`--autounmask-only --buildpkgonly --check-news --clean --config --depclean --deselect --fetch-all-uri --fetchonly --help --info
    --list-sets --metadata --moo --pretend --prune --rage-clean --regen --resume --search --searchdesc --status --sync --unmerge
    --version`
    .split(/\s+/)
    .map((name) => [name, 'nothing'] as const),
  ...([
    ['--onlydeps', 'dependencies'],
    ['--update-if-installed', 'installed'],
    ['--ask', 'question'],
  ] as const),
  ...['--config-root', '--prefix', '--root', '--sysroot'].map((name) => [name, 'root'] as const),
]);

const shorts: ReadonlyMap<string, string> = new Map(
  emergeOptions.flatMap(({ name, short }) => (short === undefined ? [] : [[name, `-${short}`] as const])),
);

const maximumLength = 4096;

/**
 * Tells why `text` cannot be an option of emerge in a build, as the end of a sentence; undefined if it can. emerge itself
 * refuses options that it does not know. `--onlydeps` and `--update-if-installed` may be what the user wants.
 */
export function emergeOptionProblem(text: string): string | undefined {
  if (!/^--?[A-Za-z0-9]/.test(text)) return 'does not begin with a dash and a letter';
  // eslint-disable-next-line no-control-regex -- the pattern looks for control characters
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'has a control character in it';
  if (text.length > maximumLength) return `is longer than ${maximumLength} characters`;
  const [, name = '', dashes = '', value = ''] = /^((--?)[A-Za-z0-9-]+)\s+(\S*)/.exec(text) ?? [];
  if (name !== '')
    return `has a space in it, so that emerge takes it for a package: write ${name}${dashes === '--' ? '=' : ''}${value}`;
  const { given, ambiguous } = readEmergeWords([text]);
  for (const { names } of ambiguous) return `abbreviates more than one option of emerge: ${names.join(', ')}`;
  const action = given.find((option) => isOn(option) && notInBuild.has(effects.get(option.name)));
  if (action === undefined) return undefined;
  if (text.startsWith('--')) return `would make emerge do something else than build (${action.name})`;
  return `has ${shorts.get(action.name)} (${action.name}) in it, which is not a build`;
}

const notInBuild: ReadonlySet<Effect | undefined> = new Set<Effect>(['nothing', 'question', 'root']);

/** Whether an option is not switched off. */
function isOn({ value }: GivenOption): boolean {
  return value !== 'n';
}

/** An option with which emerge does not install all packages of its command line, and what it does instead. */
export interface HinderingOption {
  readonly name: string;
  readonly effect: Effect;
  /** The end of a sentence, such as `emerge installs nothing with it`. */
  readonly why: string;
}

// Builds override --ask, and emerge takes the options of another root from its command line only.
const whyHindering: Readonly<Partial<Record<Effect, string>>> = {
  nothing: 'emerge installs nothing with it',
  dependencies: 'emerge installs only the dependencies of packages with it',
  installed: 'emerge passes over packages that are not installed with it',
};

/**
 * The first option among words of emerge's command line with which emerge does not install all packages; undefined if there is none.
 * The last value of an option counts.
 */
export function findHinderingOption(words: readonly string[]): HinderingOption | undefined {
  for (const { name, value } of lastOnes(words)) {
    const effect = effects.get(name);
    const why = effect && whyHindering[effect];
    if (effect !== undefined && why !== undefined && isOn({ name, value })) return { name, effect, why };
  }
  return undefined;
}

/** The options of a command line, each with its last value, in the order in which they are first given. */
function lastOnes(words: readonly string[]): readonly GivenOption[] {
  const { given } = readEmergeWords(words);
  return [...new Map(given.map(({ name, value }) => [name, value]))].map(([name, value]) => ({ name, value }));
}

/**
 * Tells what is wrong with a value of EMERGE_DEFAULT_OPTS, as the end of a sentence, and what to do; undefined if it is for builds.
 * `more` are options of the command line, which follow the default ones and may override them or ask for the same.
 */
export function defaultOptionsProblem(text: string, more: readonly string[] = []): string | undefined {
  const split = splitShellWords(text);
  if ('fault' in split) return `cannot be split into words, and emerge fails, because ${split.fault}: correct it`;
  const { ambiguous } = readEmergeWords(split.words);
  for (const { written, names } of ambiguous)
    return `has ${written}, and emerge fails, because that abbreviates more than one option: write one of ${names.join(', ')}`;
  const option = findHinderingOption([...split.words, ...more]);
  if (option !== undefined && isGiven(more, [option.name])) return undefined;
  return option && `has ${option.name}, and ${option.why}: remove it`;
}

/** Whether options of a command line let emerge do without the packages themselves, because only dependencies are asked for. */
export function installsOnlyDependencies(options: readonly string[]): boolean {
  return isGiven(options, ['--onlydeps']);
}

/** Whether emerge takes no notice of EMERGE_DEFAULT_OPTS. */
export function ignoresDefaultOptions(options: readonly string[]): boolean {
  return isGiven(options, ['--ignore-default-opts']);
}

/** Whether options let emerge install nothing but binary packages: `--usepkgonly` or `--getbinpkgonly`, in any of their forms. */
export function installsOnlyBinaries(options: readonly string[]): boolean {
  return isGiven(options, ['--usepkgonly', '--getbinpkgonly']);
}

/** Whether options let emerge ask remote hosts for binary packages: `--getbinpkg` or `--getbinpkgonly`, in any of their forms. */
export function asksForRemotePackages(options: readonly string[]): boolean {
  return isGiven(options, ['--getbinpkg', '--getbinpkgonly']);
}

function isGiven(options: readonly string[], names: readonly string[]): boolean {
  return lastOnes(options).some((option) => names.includes(option.name) && isOn(option));
}
