import type { Report } from '../../report/event.ts';
import type { Terminal } from '../../build/terminal.ts';
import type { PartialSuccess, WorkEnding } from '../../failure.ts';
import type { OptionTable, ParsedArguments } from '../parse-arguments.ts';

/** A band of exit statuses that only some commands can end with. */
export type StatusBand = 'site' | 'preconditions' | 'plan' | 'emerge' | 'store' | 'outputs';

/** One of zentoo's commands: how it is called, and what it does. */
export interface ZentooCommand {
  readonly name: string;
  /** What stands behind its name in a usage line. */
  readonly operands: string;
  /** One line. */
  readonly summary: string;
  /** What its own `--help` says besides, with the options that only this command has. */
  readonly details: string;
  readonly options: OptionTable;
  /** What it can end with besides 0, 1, 2 and a signal's status. */
  readonly statuses: readonly StatusBand[];
  /** The work that the arguments ask for; what is wrong with them goes into `problems`, a sentence each. */
  readonly prepare: (given: ParsedArguments, settings: ZentooSettings, problems: string[]) => ZentooWork;
}

/** What all commands are told. */
export interface ZentooSettings {
  /** The directory of the site. */
  readonly site: string;
  readonly json: boolean;
}

/** The world that a command works in. */
export interface ZentooWorld {
  readonly report: Report;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The terminal or pipes that the program was started with, for whoever has a shell run there. */
  readonly openTerminal: () => Promise<Terminal>;
}

/**
 * Does the work; resolves to what is printed on standard output, together with what failed of it where the rest is worth
 * printing, or with an exit status other than 0 or a failure's. Throws a `Failure` or `Failures`.
 */
export type ZentooWork = (world: ZentooWorld) => Promise<string | PartialSuccess | WorkEnding>;

/** The table of a command without options of its own. */
export const noOptions: OptionTable = { single: [], repeated: [], flags: [], onByDefault: [] };
