import {
  readEmergeReport,
  type EmergeReport,
  type FailedCommand,
  type FileSystemSpace,
} from '../output/emerge-report.ts';
import { explainDiskFull } from './explain-resources.ts';
import type { EmergeFailure, Explanation } from './explanation.ts';
import type { Remedy } from './remedy.ts';
import { lastMeaningfulLine } from './resolution-lines.ts';

const checkNetwork: Remedy = { about: 'tree', kind: 'check-network' };
const checkSyncUri: Remedy = { about: 'tree', kind: 'check-sync-uri' };
const checkMirrors: Remedy = { about: 'tree', kind: 'check-mirrors' };
const setUpstream: Remedy = { about: 'tree', kind: 'set-upstream' };
const cloneTree: Remedy = { about: 'tree', kind: 'clone-tree' };
const chooseMirror: Remedy = { about: 'tree', kind: 'sync-from-another-mirror' };

/**
 * Messages of git, rsync, wget and gemato, from the cause to its consequences. A message that names neither the network nor the address
 * has no remedy: which of the two it is would be a guess.
 */
const causes: readonly (readonly [message: RegExp, remedy: Remedy | undefined, words?: string])[] = [
  // The answer of an rsync server: the network works.
  [/^@ERROR: (Unknown module .*)/, checkSyncUri],
  [/^@ERROR: (max connections .*)/, { about: 'tree', kind: 'sync-later' }],
  [/^@ERROR: (.+)/, undefined],
  [
    /(?:Could not resolve host|[Uu]nable to resolve host|Temporary failure in name resolution|Name or service not known).*/,
    { about: 'tree', kind: 'check-host-name' },
  ],
  [/(?:failed to connect to|Connection refused|Connection timed out|Network is unreachable).*/, checkNetwork],
  [/BAD signature.*/, chooseMirror],
  // gemato, Portage's git module and gpg: the signature may be right, but the keys of this system cannot tell.
  [
    /OpenPGP signature rejected because of (?:expired|revoked) key|No valid signature found: (?:expired|revoked|unable to verify).*|gpg: Can't check signature: (?:No public key|public key not found)/,
    { about: 'tree', kind: 'renew-keys' },
  ],
  [/(?:gpg: Can't check signature|Manifest mismatch for|OpenPGP signature not found on).*/, chooseMirror],
  [/(?:Manifest verification (?:error|failed)|OpenPGP verification failed).*/, chooseMirror],
  [/No valid signature found.*/, chooseMirror],
  // Portage 3.0.83 fails to report a bad signature of which git tells no key.
  [/^UnboundLocalError: .*'signing_key'/, chooseMirror, 'bad signature on the newest commit'],
  [/ ERROR (404: .+?)\.?$/, checkMirrors],
  [/^curl: \(22\) (The requested URL returned error: 404)/, checkMirrors],
  [/snapshot was not found/, checkMirrors],
  [
    /^fatal: (.*(?:does not (?:exist|appear to be a git repository)|not found|[Cc]ouldn't find remote ref|unsupported protocol).*)/,
    checkSyncUri,
  ],
  // `git rev-parse` asks for the upstream of a user's clone.
  [/^fatal: ((?:HEAD does not point to a branch|no upstream configured for branch|no such branch:).*)/, setUpstream],
  [/^fatal: (not a git repository: .+)/, cloneTree],
  [/^fatal: (?!not a git repository)(.+)/, undefined],
  // The exit codes of rsync(1) for sockets, the protocol, timeouts and connections.
  [/^rsync error: .*\(code (?:5|10|12|30|35)\).*/, checkNetwork],
  [/^rsync(?: error)?: .+/, undefined],
  [/^(?:error|fatal): .+/, undefined],
];

/**
 * Explains a sync that ended with another status than 0: `failed to sync <tree>: <cause>`. `spaces` are the file systems of the container,
 * measured after the failure. The output may name another tree.
 */
export function explainSyncFailure(
  command: FailedCommand,
  {
    tree = 'the repository',
    spaces,
  }: { readonly tree?: string | undefined; readonly spaces?: readonly FileSystemSpace[] } = {},
): EmergeFailure {
  const report = readEmergeReport(command, undefined, spaces);
  const explanation = explainDiskFull(report) ?? explainCause(report);
  const location = report.lines.flatMap((line) => /^!!! .+ error in (\/\S+)$/.exec(line)?.[1] ?? [])[0];
  return {
    code: explanation.code,
    message: `failed to sync ${location ?? tree}: ${explanation.cause}`,
    remedy: explanation.remedy,
    relevantLines: explanation.relevantLines,
    package: undefined,
    causedBy: undefined,
    phase: undefined,
    buildLog: undefined,
  };
}

function explainCause({ lines, exitStatus, signal }: EmergeReport): Explanation {
  for (const [pattern, remedy, words] of causes) {
    for (const [index, line] of lines.entries()) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const cause = words ?? match[1] ?? match[0];
      const next = cause.endsWith(':') ? lines[index + 1] : undefined;
      const relevantLines = next === undefined ? [line] : [line, next];
      return {
        code: 'sync-failed',
        cause: next === undefined ? cause : `${cause} ${next.trim()}`,
        remedy,
        relevantLines,
      };
    }
  }
  const last = lastMeaningfulLine(lines);
  const cause = signal === undefined ? (last ?? `it ended with status ${exitStatus}`) : `it was ended by ${signal}`;
  return { code: 'sync-failed', cause, remedy: undefined, relevantLines: last === undefined ? [] : [last] };
}
