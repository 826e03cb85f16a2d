import type { Step } from '../report/event.ts';

/** A long command in a build container. */
export interface Job {
  /** The job's name in messages, for example `sync`; unique in its container. */
  readonly name: string;
  /** The step to which the output of the job belongs. */
  readonly step: Step;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether Portage's status stream is reported as `running` events. */
  readonly watch: boolean;
  /** Words that are added to a message about waiting: what the user can do instead. */
  readonly insteadOfWaiting?: string;
  /**
   * If neither the job nor a package writes to a log for this number of seconds, `runJob` throws `timed-out`; undefined means
   * no limit.
   */
  readonly silenceTimeout: number | undefined;
}
