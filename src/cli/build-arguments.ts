import { abbreviate } from '../abbreviate.ts';
import type { BuildRequest } from '../builder/build-request.ts';
import { Failure } from '../failure.ts';
import { parsePackageArgument, type PackageArgument } from '../portage/atom.ts';
import { emergeOptionProblem } from '../portage/emerge-option.ts';
import { parseDuration, parseSize, parseTmpfs } from '../quantity.ts';
import { usage } from './help.ts';
import { parseImageName } from './image-name.ts';
import { parseArguments, type OptionTable, type ParsedArguments } from './parse-arguments.ts';

const options: OptionTable = {
  single: [
    ...['base', 'tree', 'sync-max-age', 'use', 'jobs', 'make-conf', 'log-dir', 'log-format', 'progress'],
    ...['timeout', 'silence-timeout', 'min-free', 'tmpfs'],
  ],
  repeated: ['emerge-option', 'tag'],
  flags: ['create-tree', 'keep-failed', 'dry-run', 'rebuild', 'json', 'help', 'version'],
  onByDefault: ['sync', 'binpkgs'],
};

const defaultMinFree = '1G';

/** The options that choose the form of a program's output; the options that change the build are in {@link BuildRequest}. */
export interface Presentation {
  readonly json: boolean;
  readonly logFormat: 'text' | 'json';
  readonly progress: 'auto' | 'live' | 'plain';
}

/** The parsed command line of `gentoo-builder`. */
export type BuildCommand =
  | { readonly type: 'help' }
  | { readonly type: 'version' }
  | { readonly type: 'usage'; readonly failures: readonly Failure[]; readonly presentation: Presentation }
  | { readonly type: 'build'; readonly request: BuildRequest; readonly presentation: Presentation };

/** Parses the command line of `gentoo-builder`. The function never throws: a result of type `usage` has every problem. */
export function parseBuildCommand(argv: readonly string[], environment: NodeJS.ProcessEnv): BuildCommand {
  const given = parseArguments(argv, options);
  if (given.flag('help')) return { type: 'help' };
  if (given.flag('version')) return { type: 'version' };
  const problems = [...given.problems];
  const read = optionReader(given, problems);
  const presentation = {
    json: given.flag('json'),
    logFormat: read.choice('log-format', ['text', 'json']),
    progress: read.choice('progress', ['auto', 'live', 'plain']),
  };
  if (argv.length === 0) return { type: 'usage', failures: [new Failure('usage', usage)], presentation };
  const request = readRequest(given, read, environment);
  if (problems.length === 0) return { type: 'build', request, presentation };
  const hint = 'run gentoo-builder --help to list the options';
  return {
    type: 'usage',
    presentation,
    failures: [
      ...problems.map((problem) => new Failure('usage', `failed to read the command line: ${problem}`, { hint })),
      ...request.invalidPackages,
    ],
  };
}

/** Reads the request. If a value is invalid, `read` keeps the problem and the request has no value or the default. */
function readRequest(given: ParsedArguments, read: OptionReader, environment: NodeJS.ProcessEnv): BuildRequest {
  return {
    ...parsePackages(given),
    base:
      given.value('base') === undefined
        ? read.imageName('GENTOO_BASE', environment['GENTOO_BASE'] || undefined)
        : read.imageName('--base', given.value('base')),
    tree: read.mountSource('tree'),
    createTree: given.flag('create-tree'),
    sync: given.flag('sync'),
    syncMaxAge: read.duration('sync-max-age'),
    emergeOptions: read.emergeOptions(),
    use: read.useFlags(),
    jobs: read.count('jobs'),
    makeConf: given.value('make-conf'),
    binpkgs: given.flag('binpkgs'),
    tmpfs: read.tmpfs(),
    tags: given.values('tag').flatMap((tag) => read.imageName('--tag', tag) ?? []),
    keepFailed: given.flag('keep-failed'),
    logDir: read.mountSource('log-dir'),
    dryRun: given.flag('dry-run'),
    rebuild: given.flag('rebuild'),
    timeout: read.duration('timeout'),
    silenceTimeout: read.duration('silence-timeout'),
    minFree: read.size('min-free', defaultMinFree),
  };
}

function parsePackages({ positional, problems }: ParsedArguments): Pick<BuildRequest, 'packages' | 'invalidPackages'> {
  const packages: PackageArgument[] = [];
  const invalid: Failure[] = [];
  for (const text of positional) {
    const parsed = parsePackageArgument(text);
    if (parsed.ok) packages.push(parsed.value);
    else invalid.push(invalidPackage(text, parsed.reason));
  }
  // A package after an unknown option may be parsed as the option's value, so the missing package is then not reported.
  if (positional.length === 0 && problems.length === 0)
    invalid.push(new Failure('usage', 'failed to read the command line: there is no package', { hint: usage }));
  return { packages, invalidPackages: invalid };
}

function invalidPackage(text: string, reason: string): Failure {
  return new Failure('invalid-package', `failed to read the package ${abbreviate(text)}: ${reason}`, {
    hint: text.startsWith('-')
      ? 'pass an option for emerge as --emerge-option=OPTION'
      : 'name an atom such as net-misc/curl or =app-misc/hello-2.10, or a set such as @world',
  });
}

type OptionReader = ReturnType<typeof optionReader>;

/** Parses the values of options; adds a problem for each invalid value. */
function optionReader(given: ParsedArguments, problems: string[]) {
  const parsed = <T>(name: string, parse: (text: string) => T | undefined, expected: string): T | undefined => {
    const text = given.value(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) problems.push(`--${name}=${abbreviate(text)} is not ${expected}`);
    return value;
  };
  return {
    choice: <T extends string>(name: string, choices: readonly [T, ...T[]]): T =>
      parsed(name, (text) => choices.find((choice) => choice === text), `one of ${choices.join(', ')}`) ?? choices[0],
    duration: (name: string) => parsed(name, parseDuration, 'a time such as 90s, 30m, 24h or 7d'),
    size: (name: string, otherwise: string) =>
      parsed(name, parseSize, 'a size such as 500M or 2G') ?? parseSize(otherwise) ?? 0,
    tmpfs: () => parsed('tmpfs', parseTmpfs, 'auto, off or a size such as 500M or 8G') ?? 'auto',
    count: (name: string) =>
      parsed(name, (text) => (/^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined), 'a number from 1 to 9999'),
    useFlags: () =>
      parsed(
        'use',
        (text) => (/^[\w@+\-* ]+$/.test(text) ? text : undefined),
        'a list of USE flags such as "ssl -ipv6"',
      ),
    mountSource: (name: string) =>
      parsed(
        name,
        (text) => (/^[a-zA-Z0-9][\w.-]*$/.test(text) || text.startsWith('/') ? text : undefined),
        "the name of a volume or an absolute path on the engine's host",
      ),
    imageName: (source: string, text: string | undefined) => {
      if (text === undefined) return undefined;
      const image = parseImageName(text);
      if (image === undefined) problems.push(`${source}=${abbreviate(text)} is not an image name`);
      return image;
    },
    emergeOptions: () => {
      const values = given.values('emerge-option');
      for (const text of values) {
        const problem = emergeOptionProblem(text);
        if (problem !== undefined) problems.push(`--emerge-option=${abbreviate(text)} ${problem}`);
      }
      return values;
    },
  };
}
