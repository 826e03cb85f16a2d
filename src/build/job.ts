import type { Step } from '../report/event.ts';

/** A long command in a build container. */
export interface Job {
  /** Different for every job in one container; a word that messages use. */
  readonly name: string;
  /** The step that its output belongs to. */
  readonly step: Step;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether Portage's status stream is wanted as `running` events. */
  readonly watch: boolean;
  /** Seconds after which a job that writes to no log is ended. */
  readonly silenceTimeout: number | undefined;
}
