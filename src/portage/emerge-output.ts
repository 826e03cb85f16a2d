/** What Portage says that it does with one package of the `total` that it was asked for. */
export interface PackageProgress {
  readonly action: 'fetching' | 'emerging' | 'installing' | 'completed';
  readonly index: number;
  readonly total: number;
  /** `category/name-version` */
  readonly cpv: string;
  /** Whether it comes from a binary package. */
  readonly binary: boolean;
  /** Empty if Portage does not say it. */
  readonly repository: string;
}

/** A package that Portage gave up. Its message has no count. */
export interface PackageFailed {
  readonly action: 'failed';
  readonly cpv: string;
}

// eslint-disable-next-line no-control-regex -- an escape is what is looked for
const escapeSequence = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g;

const progress =
  /^>>> (Emerging|Emerging binary|Fetching|Fetching binary|Installing|Completed) \((\d{1,9}) of (\d{1,9})\) ([^\s:]+\/[^\s:]+?)(?:::(\S+))?(?: (?:for|to) \S+)?$/;
const failure = /^>>> Failed to (?:emerge|install) ([^\s:,]+\/[^\s:,]+)(?: (?:for|to) \S+?)?(?:, Log file:)?$/;

/**
 * Whether a line is the status that emerge prints again and again when it has several jobs (`_emerge/JobStatusDisplay.py`), which
 * says nothing of a package.
 */
export function isJobStatus(line: string): boolean {
  return /^>>> Jobs: \d+ of \d+ complete/.test(stripEscapes(line));
}

/** A line without the sequences that colour it, move the cursor or set a title. */
export function stripEscapes(line: string): string {
  return line.includes('\u001B') ? line.replaceAll(escapeSequence, '') : line;
}

/**
 * What a line of emerge's output says about the progress of a package, or undefined. The lines are those of
 * `_emerge/MergeListItem.py`, `PackageMerge.py` and `Scheduler.py`: `>>> Emerging (3 of 12) category/name-version::repo`,
 * `>>> Emerging binary (...)`, `>>> Installing (...)`, `>>> Completed (...)`, `>>> Failed to emerge ..., Log file:`.
 * With `--keep-going` Portage counts anew after a failure.
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
  return {
    action: verb as PackageProgress['action'],
    index: Number(index),
    total: Number(total),
    cpv,
    binary: binary !== undefined,
    repository,
  };
}
