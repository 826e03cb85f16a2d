/** The settings by which an emerge uses compiler wrappers: distcc and ccache. */
export interface CompilerWrappers {
  /** The words to add to Portage's FEATURES. */
  readonly features: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The number of jobs for make; undefined if the wrappers do not change it. */
  readonly makeJobs?: number | undefined;
}

/** The settings of an emerge without wrappers. */
export const noWrappers: CompilerWrappers = { features: [], environment: {} };
