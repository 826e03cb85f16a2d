/** What has a container compile faster, as additions to what emerge is told. */
export interface CompilerAids {
  /** For Portage's FEATURES, which is incremental. */
  readonly features: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** How many jobs of make there is work for; as many as without it if undefined. */
  readonly makeJobs?: number | undefined;
}

/** A container that compiles by itself. */
export const noAids: CompilerAids = { features: [], environment: {} };
