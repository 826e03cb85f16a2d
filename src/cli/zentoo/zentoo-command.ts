import type { BuildRecord } from '../../record/build-record.ts';
import type { Report } from '../../report/event.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { PartialSuccess, WorkEnding } from '../../failure.ts';
import type { OptionTable, ParsedArguments } from '../parse-arguments.ts';

/** A range of exit statuses that only some commands use. */
export type StatusBand = 'site' | 'preconditions' | 'plan' | 'emerge' | 'store' | 'outputs' | 'engines';

/** A command of zentoo: its arguments and its work. */
export interface ZentooCommand {
  readonly name: string;
  /** The arguments in the usage line. */
  readonly operands: string;
  /** One line for `zentoo --help`. */
  readonly summary: string;
  /** The text for `zentoo COMMAND --help`: the command's own options, and remarks. */
  readonly details: string;
  readonly options: OptionTable;
  /** The exit statuses of this command besides 0, 1, 2 and those of signals. */
  readonly statuses: readonly StatusBand[];
  /** Turns the arguments into work. Adds a clause without a full stop to `problems` for each invalid argument. */
  readonly prepare: (given: ParsedArguments, settings: ZentooSettings, problems: string[]) => ZentooWork;
}

/** The options that every command has. */
export interface ZentooSettings {
  /** The directory of the site. */
  readonly site: string;
  readonly json: boolean;
}

/** The functions and data that a command gets from the program: report, environment, signal, terminal. */
export interface ZentooWorld {
  readonly report: Report;
  /** The program that runs the command, for records. */
  readonly program: BuildRecord['program'];
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Opens the terminal or pipes of the program, for a shell. */
  readonly openTerminal: () => Promise<Terminal>;
}

/**
 * Does the work. Resolves to the text for standard output; `PartialSuccess` adds failures, `WorkEnding` an exit status of
 * its own. Throws a `Failure` or `Failures`.
 */
export type ZentooWork = (world: ZentooWorld) => Promise<string | PartialSuccess | WorkEnding>;

/** The options of a command that has only the common ones. */
export const noOptions: OptionTable = { single: [], repeated: [], flags: [], onByDefault: [] };
