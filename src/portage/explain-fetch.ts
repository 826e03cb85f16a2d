import { firstMatch, type EmergeReport, type Explanation } from './emerge-report.ts';

/** What wget and curl say; the group is the cause. */
const downloadError =
  /(?:ERROR (\d{3}: .+?)|failed: (.+?)|((?:[Uu]nable to resolve host|Could not resolve host|Unsupported scheme|Connection timed out).*?)|curl: \(\d+\) (.+?))\.?$/;

/** A source that cannot be had, or is not what the Manifest says; the messages are those of portage.package.ebuild.fetch. */
export function explainFetchFailure(report: EmergeReport): Explanation | undefined {
  const { lines, failed } = report;
  // Sources come before all phases: once in a phase, an attempt that failed was followed by one that did not.
  if (failed?.phase !== undefined && failed.phase !== 'nofetch') return undefined;
  return explainChecksum(lines) ?? explainMissingSource(lines) ?? explainFetchRestriction(lines);
}

function explainChecksum(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex((line) => /^!!! Fetched file: .+ VERIFY FAILED!$/.test(line));
  const damaged = at >= 0 ? at : lines.findIndex((line) => line === '!!! Digest verification failed:');
  if (damaged < 0) return undefined;
  const relevantLines = lines.slice(damaged, damaged + 5).filter((line) => line.startsWith('!!! '));
  const path = firstMatch(relevantLines, /^!!! (?:Fetched file: )?(\S+?)(?: VERIFY FAILED!)?$/) ?? 'a source';
  const reason = firstMatch(relevantLines, /^!!! Reason: (.+)$/);
  const cause = `${path.replace(/^.*\//, '')} does not match its checksum in the Manifest${reason === undefined ? '' : ` (${reason})`}`;
  if (/\.ebuild$|\/files\//.test(path))
    return {
      code: 'emerge-failed',
      cause,
      hint: {
        builder: 'the tree is damaged: leave --no-sync out if it was given',
        site: 'the tree is damaged: zentoo sync may mend it',
      },
      relevantLines,
    };
  return {
    code: 'fetch-failed',
    cause,
    hint: {
      builder:
        'the tree may be older than the source: leave --no-sync out if it was given; or a mirror is damaged: choose another by GENTOO_MIRRORS in a file given as --make-conf',
      site: 'the tree may be older than the source: zentoo sync moves it on; or a mirror is damaged: choose another by GENTOO_MIRRORS in make.conf of the portage branch',
    },
    relevantLines,
  };
}

function explainMissingSource(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex((line) => /^!!! Couldn't download '.+'\. Aborting\.$/.test(line));
  const line = lines[at];
  if (line === undefined) return undefined;
  const before = lines.slice(Math.max(0, at - 20), at).toReversed();
  const reason = before.flatMap(
    (text) =>
      downloadError
        .exec(text)
        ?.slice(1)
        .find((group) => group !== undefined) ?? [],
  )[0];
  return {
    code: 'fetch-failed',
    cause: `could not download ${firstMatch([line], /download '(.+)'\. /)}${reason === undefined ? '' : ` (${reason})`}`,
    hint: {
      builder:
        'check the network of the engine; a source that has moved needs a newer tree, or a mirror by GENTOO_MIRRORS in a file given as --make-conf',
      site: 'check the network of the engine; a source that has moved needs a newer tree (zentoo sync), or a mirror by GENTOO_MIRRORS in make.conf of the portage branch',
    },
    relevantLines: [line],
  };
}

function explainFetchRestriction(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex((line) => /^!!! \S+ has fetch restriction turned on\.$/.test(line));
  if (at < 0) return undefined;
  return {
    code: 'fetch-failed',
    cause: 'its sources may only be downloaded by hand',
    hint: 'put them into the volume that is mounted at /var/cache/distfiles',
    relevantLines: lines.slice(at).filter((line) => line.startsWith('!!! ') || /^ \* (?!\w+: +)\S/.test(line)),
  };
}
