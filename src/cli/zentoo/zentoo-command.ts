import type { Report } from '../../report/event.ts';
import type { PartialSuccess } from '../../failure.ts';
import type { OptionTable, ParsedArguments } from '../parse-arguments.ts';

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
}

/**
 * Does the work; resolves to what is printed on standard output, together with what failed of it where the rest is worth
 * printing. Throws a `Failure` or `Failures`.
 */
export type ZentooWork = (world: ZentooWorld) => Promise<string | PartialSuccess>;

/** The table of a command without options of its own. */
export const noOptions: OptionTable = { single: [], repeated: [], flags: [], onByDefault: [] };
