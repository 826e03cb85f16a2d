const actions = ['fetching', 'emerging', 'installing', 'completed'] as const;

/** A message of Portage about one package of the `total` that it emerges. */
export interface PackageProgress {
  readonly action: (typeof actions)[number];
  readonly index: number;
  readonly total: number;
  /** `category/name-version` */
  readonly cpv: string;
  /** Whether Portage uses a binary package. */
  readonly binary: boolean;
  /** The repository; empty if the message does not name it. */
  readonly repository: string;
}

/** A message of Portage about a package that failed. This message has no count. */
export interface PackageFailed {
  readonly action: 'failed';
  readonly cpv: string;
}

// eslint-disable-next-line no-control-regex -- the pattern looks for escape sequences
const escapeSequence = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g;

const progress =
  /^>>> (Emerging|Emerging binary|Fetching|Fetching binary|Installing|Completed) \((\d{1,9}) of (\d{1,9})\) ([^\s:]+\/[^\s:]+?)(?:::(\S+))?(?: (?:for|to) \S+)?$/;
const failure = /^>>> Failed to (?:emerge|install) ([^\s:,]+\/[^\s:,]+)(?: (?:for|to) \S+?)?(?:, Log file:)?$/;

/**
 * Whether a line is the job status that emerge prints repeatedly with several jobs (`_emerge/JobStatusDisplay.py`). The job
 * status does not name a package.
 */
export function isJobStatus(line: string): boolean {
  return /^>>> Jobs: \d+ of \d+ complete/.test(stripEscapes(line));
}

/** Removes the escape sequences that colour a line, move the cursor or set a title. */
export function stripEscapes(line: string): string {
  return line.includes('\u001B') ? line.replaceAll(escapeSequence, '') : line;
}

/**
 * Parses a line of emerge's output about the progress of a package. Returns undefined for any other line. The format of the
 * lines is from `_emerge/MergeListItem.py`, `PackageMerge.py` and `Scheduler.py`: `>>> Emerging (3 of 12)
 * category/name-version::repo`, `>>> Emerging binary (...)`, `>>> Installing (...)`, `>>> Completed (...)`, `>>> Failed to
 * emerge ..., Log file:`. With `--keep-going`, Portage restarts the count after a failure.
 */
export function parseEmergeLine(line: string): PackageProgress | PackageFailed | undefined {
  if (line.length > 2048 || !line.includes('>>>')) return undefined;
  const text = stripEscapes(line).trim();
  const match = progress.exec(text);
  if (!match) {
    const cpv = failure.exec(text)?.[1];
    return cpv === undefined ? undefined : { action: 'failed', cpv };
  }
  const [, words = '', index, total, cpv = '', repository = ''] = match;
  const [verb = '', binary] = words.toLowerCase().split(' ');
  const action = actions.find((one) => one === verb);
  if (action === undefined) return undefined;
  return {
    action,
    index: Number(index),
    total: Number(total),
    cpv,
    binary: binary !== undefined,
    repository,
  };
}
