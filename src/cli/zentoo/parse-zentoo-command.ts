import { abbreviate } from '../../abbreviate.ts';
import { Failure } from '../../failure.ts';
import type { Presentation } from '../build-arguments.ts';
import { parseArguments, type OptionTable, type ParsedArguments } from '../parse-arguments.ts';
import { adoptCommand } from './adopt.ts';
import { buildCommand } from './build.ts';
import { distccCommand } from './distcc.ts';
import { nodeProxyCommand } from './node-proxy.ts';
import { swarmCommand } from './swarm.ts';
import { freshrootCommand } from './freshroot.ts';
import { initCommand } from './init.ts';
import { listCommand } from './list.ts';
import { planCommand } from './plan.ts';
import { syncCommand } from './sync.ts';
import type { ZentooCommand, ZentooWork } from './zentoo-command.ts';
import { describeCommand, describeZentoo } from './zentoo-help.ts';

/** The commands, in the order of `--help`. */
const zentooCommands: readonly ZentooCommand[] = [
  initCommand,
  adoptCommand,
  syncCommand,
  planCommand,
  buildCommand,
  freshrootCommand,
  distccCommand,
  swarmCommand,
  nodeProxyCommand,
  listCommand,
];

const commonOptions: OptionTable = {
  single: ['site', 'log-format', 'progress'],
  repeated: [],
  flags: ['json', 'help', 'version'],
  onByDefault: [],
};

/** The parsed command line of `zentoo`. */
export type ZentooInvocation =
  | { readonly type: 'help'; readonly text: string }
  | { readonly type: 'version' }
  | { readonly type: 'usage'; readonly failures: readonly Failure[]; readonly presentation: Presentation }
  | { readonly type: 'work'; readonly work: ZentooWork; readonly presentation: Presentation };

/** Parses the command line of `zentoo`. The function never throws: a result of type `usage` has every problem. */
export function parseZentooCommand(argv: readonly string[], environment: NodeJS.ProcessEnv): ZentooInvocation {
  // An option may take the next argument as its value, so the options of all commands are needed to find the command.
  const anyCommand = joinTables([commonOptions, ...zentooCommands.map(({ options }) => options)]);
  const [name] = parseArguments(argv, anyCommand).positional;
  const command = zentooCommands.find((known) => known.name === name);
  const given = withoutCommand(
    parseArguments(argv, command ? joinTables([commonOptions, command.options]) : anyCommand),
  );
  if (given.flag('help'))
    return { type: 'help', text: command ? describeCommand(command) : describeZentoo(zentooCommands) };
  if (given.flag('version')) return { type: 'version' };

  const problems = [...given.problems];
  const presentation = {
    json: given.flag('json'),
    logFormat: readChoice(given, 'log-format', ['text', 'json'], problems),
    progress: readChoice(given, 'progress', ['auto', 'live', 'plain'], problems),
  } as const;
  const site = given.value('site') ?? (environment['ZENTOO_SITE'] || '.');
  const work = command?.prepare(given, { site, json: presentation.json }, problems);
  if (work === undefined) problems.push(missingCommand(name));
  if (command !== undefined && work !== undefined && problems.length === 0)
    return { type: 'work', work: withRefusals(command, work), presentation };
  const hint = `run zentoo ${command ? `${command.name} ` : ''}--help`;
  const failures = problems.map(
    (problem) => new Failure('usage', `failed to read the command line: ${problem}`, { hint }),
  );
  return { type: 'usage', failures, presentation };
}

/** Runs a command, and reports a refusal of the engine as the command's failure. */
function withRefusals({ name }: ZentooCommand, work: ZentooWork): ZentooWork {
  return async (world) => {
    const { explainRefusal } = await import('../../container/refusal-failure.ts');
    return explainRefusal(work(world), name);
  };
}

function joinTables(tables: readonly OptionTable[]): OptionTable {
  const join = (kind: keyof OptionTable) => [...new Set(tables.flatMap((table) => table[kind] ?? []))];
  return {
    ...{ single: join('single'), repeated: join('repeated'), flags: join('flags') },
    ...{ onByDefault: join('onByDefault'), optional: join('optional') },
  };
}

function withoutCommand(given: ParsedArguments): ParsedArguments {
  return { ...given, positional: given.positional.slice(1) };
}

function missingCommand(name: string | undefined): string {
  const known = zentooCommands.map((command) => command.name).join(', ');
  if (name === undefined) return `there is no command: the commands are ${known}`;
  return `unknown command ${abbreviate(name)}: the commands are ${known}`;
}

function readChoice<T extends string>(
  given: ParsedArguments,
  name: string,
  choices: readonly [T, ...T[]],
  problems: string[],
): T {
  const text = given.value(name);
  if (text === undefined) return choices[0];
  const choice = choices.find((known) => known === text);
  if (choice === undefined) problems.push(`--${name}=${abbreviate(text)} is not one of ${choices.join(', ')}`);
  return choice ?? choices[0];
}
