import { createHash } from 'node:crypto';
import { parseShellAssignments } from './shell-words.ts';

/** Portage's variables that decide which machine a package runs on, and how it is compiled. */
export const partitionVariables = [
  ...['CHOST', 'CFLAGS', 'CXXFLAGS', 'CPPFLAGS', 'FFLAGS', 'FCFLAGS', 'LDFLAGS', 'RUSTFLAGS', 'ABI', 'ELIBC'],
  ...['CPU_FLAGS_ARM', 'CPU_FLAGS_PPC', 'CPU_FLAGS_X86'],
] as const;

/** What Portage compiles packages with. */
export interface PartitionInput {
  /** Values of {@link partitionVariables}; one that is not set is as good as empty, others are not looked at. */
  readonly variables: ReadonlyMap<string, string>;
  /** Where /etc/portage/make.profile points, absolute or not. Empty if it is a directory. */
  readonly profile: string;
  /** The texts of /etc/portage/package.env and of the files in /etc/portage/env, by their paths. */
  readonly packageEnv: ReadonlyMap<string, string>;
}

/** One process that prints the variables; it ends with 1 if one of them is not set. portageq(1), envvar. */
export function partitionVariablesCommand(): readonly string[] {
  return ['portageq', 'envvar', '-v', ...partitionVariables];
}

/** What {@link partitionVariablesCommand} printed on its standard output. */
export function parsePartitionVariables(output: string): ReadonlyMap<string, string> {
  return parseShellAssignments(output);
}

/**
 * The directory, relative to where binary packages are kept, of those that were compiled like this:
 * `<CHOST>/<profile>/<12 hexadecimal digits>`. Portage itself compares CHOST and USE flags of a binary package and not
 * how it was compiled, so that one directory for all would hand out packages that do not run here. Flags are compared
 * in their order, which matters to compilers; white space is not, and neither is the order of CPU_FLAGS_*.
 *
 * `gentoo-base/binpkg-partition` works the same out by a shell; a test holds the two together.
 */
export function binpkgPartition(input: PartitionInput): string {
  const profile = input.profile.replace(/^.*\/profiles\//s, '');
  const identity = [
    ...partitionVariables.map((name) => `${name}=${flags(name, input.variables.get(name) ?? '')}`),
    `profile=${profile}`,
    ...[...input.packageEnv].toSorted(byPath).flatMap(([path, text]) => fileLines(path, text)),
  ];
  const digest = createHash('sha256')
    .update(identity.map((line) => `${line}\n`).join(''))
    .digest('hex')
    .slice(0, 12);
  return [pathComponent(input.variables.get('CHOST') ?? '', 'unknown'), pathComponent(profile, 'custom'), digest].join(
    '/',
  );
}

function flags(name: string, value: string): string {
  const words = value.split(/[ \t\n]+/).filter((word) => word !== '');
  return (name.startsWith('CPU_FLAGS_') ? words.toSorted() : words).join(' ');
}

/** A file's path and what it says, comments apart; nothing if it says nothing. */
function fileLines(path: string, text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ''));
  const said = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return said.length === 0 ? [] : [`file=${path}`, ...said.map((line) => `\t${line}`)];
}

function byPath([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A text as the name of one directory: never empty, hidden, too long, or one that leads elsewhere. */
function pathComponent(text: string, otherwise: string): string {
  const name = text.replace(/[^A-Za-z0-9_.+-]+/g, '-').replace(/^[.-]+|[.-]+$/g, '');
  return name.slice(0, 100) || otherwise;
}
