/** A long command in the build container. */
export interface Job {
  readonly name: 'sync' | 'emerge';
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether Portage's status stream is wanted as `running` events. */
  readonly watch: boolean;
  /** Seconds after which a job that writes to no log is ended. */
  readonly silenceTimeout: number | undefined;
}
