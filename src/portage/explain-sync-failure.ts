import {
  adviceFor,
  readEmergeReport,
  type Advice,
  type Audience,
  type EmergeReport,
  type FailedCommand,
} from './emerge-report.ts';
import { lastMeaningfulLine, type EmergeFailure } from './explain-failure.ts';
import { explainDiskFull } from './explain-resources.ts';

const noSyncHint = {
  builder: 'check the network of the engine, or build from the tree as it is with --no-sync',
  site: 'check the network of the engine; builds go on from the tree as it is',
};

/** What git, rsync, wget and gemato say, from the cause to its consequences. */
const causes: readonly (readonly [RegExp, string | Advice])[] = [
  [
    /(?:Could not resolve host|[Uu]nable to resolve host|Temporary failure in name resolution|Name or service not known).*/,
    noSyncHint,
  ],
  [/(?:failed to connect to|Connection refused|Connection timed out|Network is unreachable).*/, noSyncHint],
  [
    /(?:Manifest verification (?:error|failed)|OpenPGP verification failed|BAD signature|gpg: Can't check signature).*/,
    'the tree was not replaced: its signature is missing or wrong; sync again later, from another mirror',
  ],
  [/No valid signature found.*/, 'the tree was not replaced: its signature is missing or wrong'],
  [/snapshot was not found/, noSyncHint],
  [
    /^fatal: (?!not a git repository)(.+)$/,
    {
      builder: "check sync-uri in the base's /etc/portage/repos.conf, or build from the tree as it is with --no-sync",
      site: 'check sync-uri in repos.conf of the portage branch; builds go on from the tree as it is',
    },
  ],
  [/^rsync(?: error)?: .+/, noSyncHint],
  [/^(?:error|fatal): .+/, noSyncHint],
];

/** Why a sync that did not end with 0 failed: `failed to sync the repository: <cause>`, with a hint for whom it is told. */
export function explainSyncFailure(command: FailedCommand, audience: Audience = 'builder'): EmergeFailure {
  const report = readEmergeReport(command);
  const explanation = explainDiskFull(report) ?? explainCause(report);
  const location = report.lines.flatMap((line) => /^!!! .+ error in (\/\S+)$/.exec(line)?.[1] ?? [])[0];
  return {
    code: explanation.code,
    message: `failed to sync ${location ?? 'the repository'}: ${explanation.cause}`,
    hint: adviceFor(audience, explanation.hint),
    relevantLines: explanation.relevantLines,
    package: undefined,
    phase: undefined,
    buildLog: undefined,
  };
}

function explainCause({ lines, exitStatus, signal }: EmergeReport) {
  for (const [pattern, hint] of causes) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match) return { code: 'sync-failed' as const, cause: match[1] ?? match[0], hint, relevantLines: [line] };
    }
  }
  const last = lastMeaningfulLine(lines);
  const cause = signal === undefined ? (last ?? `it ended with status ${exitStatus}`) : `it was ended by ${signal}`;
  return { code: 'sync-failed' as const, cause, hint: noSyncHint, relevantLines: last === undefined ? [] : [last] };
}
