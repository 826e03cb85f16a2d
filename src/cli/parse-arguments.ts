import minimist from 'minimist';
import { abbreviate } from '../abbreviate.ts';

/** Which options there are; every one of them takes exactly one value or none. */
export interface OptionTable {
  /** Take a value, at most once. */
  readonly single: readonly string[];
  /** Take a value, as often as one likes. */
  readonly repeated: readonly string[];
  readonly flags: readonly string[];
  /** Flags that are on and are turned off by `--no-<name>`. */
  readonly onByDefault: readonly string[];
}

export interface ParsedArguments {
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  flag(name: string): boolean;
  readonly positional: readonly string[];
  /** Those of them that come after `--`; undefined where there is none. */
  readonly trailing: readonly string[] | undefined;
  /** One sentence for each argument that is wrong. */
  readonly problems: readonly string[];
}

/** Splits a command line into options and the rest, and collects everything that is wrong with the options. */
export function parseArguments(argv: readonly string[], table: OptionTable): ParsedArguments {
  const problems: string[] = [];
  const known = new Set([...table.single, ...table.repeated, ...table.flags, ...table.onByDefault]);
  const parsed = minimist([...argv], {
    string: ['_', ...table.single, ...table.repeated],
    boolean: [...table.flags, ...table.onByDefault],
    default: Object.fromEntries(table.onByDefault.map((name) => [name, true])),
    unknown: (argument) => {
      if (!argument.startsWith('-') || argument === '-') return true;
      problems.push(`there is no option ${abbreviate(argument)}${suggestion(argument, known)}`);
      return false;
    },
  });
  // To minimist it ends the options wherever it stands, even as what could be an option's value.
  const dashes = argv.indexOf('--');
  const given = (name: string): unknown[] => {
    const value: unknown = parsed[name];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  };
  for (const name of [...table.single, ...table.repeated]) {
    const values = given(name);
    if (values.some((value) => typeof value !== 'string' || value === '')) {
      problems.push(`--${name} needs a value: --${name}=VALUE`);
    }
    if (table.single.includes(name) && values.length > 1) problems.push(`--${name} is given ${values.length} times`);
  }
  const texts = (name: string) => given(name).filter((value): value is string => typeof value === 'string');
  return {
    value: (name) => texts(name)[0],
    values: texts,
    flag: (name) => parsed[name] === true,
    positional: parsed._,
    trailing: dashes < 0 ? undefined : parsed._.slice(parsed._.length - (argv.length - dashes - 1)),
    problems,
  };
}

function suggestion(argument: string, known: ReadonlySet<string>): string {
  const name = argument.replace(/^--?(no-)?/, '').replace(/=.*$/s, '');
  if (name.length < 3 || name.length > 40) return '';
  const near = [...known].find((other) => other.startsWith(name) || name.startsWith(other));
  return near === undefined ? '' : `; did you mean --${near}?`;
}
