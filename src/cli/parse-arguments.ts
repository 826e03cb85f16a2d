import minimist from 'minimist';
import { abbreviate } from '../abbreviate.ts';

/** The options of a program, by the number of their values. */
export interface OptionTable {
  /** Options with a value that may appear once. */
  readonly single: readonly string[];
  /** Options with a value that may appear several times. */
  readonly repeated: readonly string[];
  /** Options without a value. */
  readonly flags: readonly string[];
  /** Flags that are on unless `--no-<name>` turns them off. */
  readonly onByDefault: readonly string[];
  /**
   * Options with a value that may be left out and that may appear several times. The next argument is the value if it has a slash, as
   * the names of packages have.
   */
  readonly optional?: readonly string[];
}

/** A command line, split into options and other arguments. */
export interface ParsedArguments {
  /**
   * The value of an option; undefined if the option is not given, or if its value is empty. `problems` then reports the empty
   * value.
   */
  value(name: string): string | undefined;
  /** All values of an option, without empty values. */
  values(name: string): readonly string[];
  /** Whether a flag is on, or an option whose value may be left out is given without one. */
  flag(name: string): boolean;
  readonly positional: readonly string[];
  /** The positional arguments after `--`; undefined without a `--`. */
  readonly trailing: readonly string[] | undefined;
  /** One clause for each invalid argument, without a full stop. */
  readonly problems: readonly string[];
}

const noNames: readonly string[] = [];

/** Splits a command line into options and other arguments, and collects all problems of the options. */
export function parseArguments(all: readonly string[], table: OptionTable): ParsedArguments {
  const problems: string[] = [];
  const { optional = noNames } = table;
  const { argv, bare } = withoutBareOptions(all, optional);
  const parsed = minimist([...argv], {
    string: ['_', ...table.single, ...table.repeated, ...optional],
    boolean: [...table.flags, ...table.onByDefault],
    default: Object.fromEntries(table.onByDefault.map((name) => [name, true])),
    unknown: (argument) => {
      if (!argument.startsWith('-') || argument === '-') return true;
      problems.push(`unknown option ${abbreviate(argument)}${suggestion(argument, table)}`);
      return false;
    },
  });
  // For minimist, `--` always ends the options, even in the place of an option's value.
  const dashes = argv.indexOf('--');
  const given = (name: string): unknown[] => {
    const value: unknown = parsed[name];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  };
  for (const name of [...table.single, ...table.repeated, ...optional]) {
    const values = given(name);
    if (values.some((value) => typeof value !== 'string' || value === '')) {
      problems.push(`--${name} needs a value: --${name}=VALUE`);
    }
    if (table.single.includes(name) && values.length > 1) problems.push(`--${name} is given ${values.length} times`);
  }
  const texts = (name: string) =>
    given(name).filter((value): value is string => typeof value === 'string' && value !== '');
  return {
    value: (name) => texts(name)[0],
    values: texts,
    flag: (name) => parsed[name] === true || bare.has(name),
    positional: parsed._,
    trailing: dashes < 0 ? undefined : parsed._.slice(parsed._.length - (argv.length - dashes - 1)),
    problems,
  };
}

/** Separates the options of `optional` that are given without a value (`bare`) from the other arguments. */
function withoutBareOptions(
  all: readonly string[],
  optional: readonly string[],
): { readonly argv: readonly string[]; readonly bare: ReadonlySet<string> } {
  const end = all.includes('--') ? all.indexOf('--') : all.length;
  const isBare = (argument: string, position: number) =>
    position < end &&
    optional.some((name) => argument === `--${name}`) &&
    !(position + 1 < end && /^[^-].*\//.test(all[position + 1] ?? ''));
  return {
    argv: all.filter((argument, position) => !isBare(argument, position)),
    bare: new Set(all.filter(isBare).map((argument) => argument.slice(2))),
  };
}

/** Suggests an option for an unknown one. Only an option that is on by default has a form with `no-`. */
function suggestion(
  argument: string,
  { single, repeated, flags, onByDefault, optional = noNames }: OptionTable,
): string {
  const [, no = '', name = ''] = /^--?(no-)?([^=]*)/.exec(argument) ?? [];
  if (name.length < 3 || name.length > 40) return '';
  const candidates = no === '' ? [...single, ...repeated, ...flags, ...onByDefault, ...optional] : onByDefault;
  const near = candidates.find((other) => other.startsWith(name) || name.startsWith(other));
  return near === undefined ? '' : `; did you mean --${no}${near}?`;
}
