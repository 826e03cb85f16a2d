import type { GenericSchema } from 'valibot';
import { pythonProgram } from '../container-program.ts';
import type { CommandRunner } from '../engine/run-command.ts';
import { Failure, type FailureCode } from '../failure.ts';
import { parseLastLineAsJson } from '../parse-json.ts';
import type { Partition } from './partition.ts';
import { storeDirectory } from './store-directory.ts';

/** A partition of the store in a running container. */
export interface StoreMount extends CommandRunner {
  readonly partition: Partition;
  /** The mount point of the store; `storeDirectory` if undefined. */
  readonly directory?: string;
  /** Portage's `ROOT`, `PORTAGE_CONFIGROOT` and `SYSROOT`, if the root is not `/`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The directory for unfit packages of a partition, beside all partitions. */
export function quarantineOf({ partition }: Pick<StoreMount, 'partition'>): string {
  return `${storeDirectory}/quarantine/${partition}`;
}

/** The partition's PKGDIR in the container. */
export function pkgdirOf({
  partition,
  directory = storeDirectory,
}: Pick<StoreMount, 'partition' | 'directory'>): string {
  return `${directory}/${partition}`;
}

/** The failure of a question to Portage that has no answer. */
export interface Question {
  readonly code: FailureCode;
  /** The end of `failed to`. */
  readonly task: string;
  readonly hint: string;
}

/** A question about packages and sets; it says nothing about the files of the store. */
const aboutPackages: Question = {
  ...{ code: 'emerge-failed', task: 'ask Portage about the packages', hint: 'read the output of Portage above' },
};

/**
 * Runs a program that asks Portage in the container, and reads its answer: JSON, on the last line of its output. The program
 * may run twice, because a lost answer repeats it. Throws the failure of the question, with the last line of the program's
 * error output, if the program fails or its answer does not match the schema.
 */
export async function askPortage<Answer>(
  { run, environment = {} }: StoreMount,
  program: URL | readonly URL[],
  args: readonly string[],
  schema: GenericSchema<unknown, Answer>,
  question: Question = aboutPackages,
): Promise<Answer> {
  const command = pythonProgram(program, ...args);
  const { stdout, stderr } = await run({ command, environment });
  const answer = parseLastLineAsJson(schema, stdout);
  if (answer !== undefined) return answer;
  const said = stderr.split('\n').filter(Boolean);
  throw new Failure(question.code, `failed to ${question.task}: ${said.at(-1) ?? 'Portage printed no answer'}`, {
    hint: question.hint,
    logTail: said.slice(-20),
  });
}
