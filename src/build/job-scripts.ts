import { stateDirectory, type Trees } from './build-container.ts';

/**
 * The shell programs that run inside a build container: POSIX sh with the tools of every Gentoo stage (coreutils,
 * util-linux, findutils). Every value reaches them as an argument or in the environment, never in their text.
 */

/**
 * Process 1's child: ends when standard input does, and sends back what it is sent, so that a connection that is
 * watched for silence has traffic both ways. It ignores the signals that end a build (`kill -TERM -1`).
 */
export const holdCommand = ['/bin/sh', '-c', 'trap "" TERM INT HUP; exec cat'];

/** Ends every process in the container but process 1, its child and this one. */
export const terminateCommand = ['/bin/sh', '-c', 'kill -TERM -1'];

/** Tells every process but process 1, its child and this one that its terminal is gone, those that are stopped as well. */
export const hangUpCommand = ['/bin/sh', '-c', 'kill -HUP -1; kill -CONT -1'];

const shellScript = `
state=$1 columns=$2 rows=$3
shift 3
if [ -n "$columns" ] && [ "$(stty size)" = "0 0" ]; then
  stty cols "$columns" rows "$rows"
fi
trap : HUP INT QUIT TERM
"$@"
status=$?
{ mkdir -p "\${state%/*}" && echo "$status" >"$state.new" && mv "$state.new" "$state"; } 2>/dev/null
exit "$status"
`;

/**
 * Runs a command at a terminal, of that size until somebody gives it another, or with `size` undefined without one. Its
 * exit status is written down; signals that a terminal sends to all of a job are the command's to heed.
 */
export function shellCommand(
  name: string,
  size: { readonly columns: number; readonly rows: number } | undefined,
  command: readonly string[],
): readonly string[] {
  const values = [`${stateDirectory}/${name}`, String(size?.columns ?? ''), String(size?.rows ?? '')];
  return ['/bin/sh', '-c', shellScript, 'gentoo-builder-shell', ...values, ...command];
}

/** Prints the exit status of what {@link shellCommand} ran; nothing while it runs, or where it could not write it down. */
export function shellStatusCommand(name: string): readonly string[] {
  return ['/bin/sh', '-c', 'if [ -e "$1" ]; then cat "$1"; fi', 'gentoo-builder-status', `${stateDirectory}/${name}`];
}

const jobScript = `
state=$1 log=$2
shift 2
[ -e "$state" ] && exit
mkdir -p "\${state%/*}" "\${log%/*}" && mkdir "$state" && echo "$$" >"$state/pid" || exit 1
"$@" </dev/null >>"$log" 2>&1 8>"$state/result"
echo "$?" >"$state/status.new" && mv "$state/status.new" "$state/status"
`;

/**
 * Runs a command whose output goes to a file and whose exit status is written down: no connection is needed for it. Of
 * two starts under one name, as after an answer that was lost, only the first does anything. What the command writes to
 * descriptor 8 is the job's result.
 */
export function jobCommand(name: string, log: string, command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', jobScript, `gentoo-builder-${name}`, `${stateDirectory}/${name}`, log, ...command];
}

const followScript = `
state=$1 log=$2 offset=$3 watch=$4
exec 3<&0 4>&2 </dev/null
tries=0
until [ -s "$state/pid" ] && [ -e "$log" ]; do
  [ "$((tries += 1))" -gt 500 ] && echo "ended unstarted 0" >&2 && exit 1
  sleep 0.02
done
{ cat <&3 >&2; kill 0; } &
if [ -n "$watch" ]; then
  while sleep 0.4; do
    for status in /run/portage/emerge-*.json; do
      [ -e "$status" ] && { tr -d '\\n' <"$status"; echo; } >&4
    done
  done 2>/dev/null &
fi
tail -s 0.02 --pid="$(cat "$state/pid")" -c "+$offset" -f "$log"
[ -e "$state/result" ] && sed 's/^/result /' "$state/result" >&2
[ -e "$state/status" ] && result=$(cat "$state/status") || result=lost
echo "ended $result $(stat -c %s "$log")" >&2
`;

/**
 * Follows a job: its output from byte `offset` (counted from 0) on standard output; on standard error lines of
 * Portage's status if `watch` is set, echoed keep-alive bytes, and at last `result LINE` for each line of the job's result
 * and `ended STATUS SIZE`; the status is `lost` where nobody wrote it down, and `unstarted` after ten seconds without a job. It ends with the connection, by end-of-file on
 * standard input.
 */
export function followCommand(name: string, log: string, offset: number, watch: boolean): readonly string[] {
  const state = `${stateDirectory}/${name}`;
  return ['/bin/sh', '-c', followScript, 'gentoo-builder-follow', state, log, String(offset + 1), watch ? 'yes' : ''];
}

/**
 * A shell function that prints what changes with every sync that brings something, as one digest: git's references, the
 * time of an rsync tree or of a snapshot. Nothing where a tree has neither, or has its references elsewhere: then nobody
 * can tell. The same is read without a container in `tree-stamp.ts`.
 */
const stampFunction = `
stamp() {
  [ -e "$1/.git/reftable" ] || {
    cat "$1/.git/HEAD" "$1/.git/packed-refs"
    find "$1/.git/refs/heads" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r cat
    cat "$1/metadata/timestamp.chk"
  } 2>/dev/null | sha256sum | sed '/^e3b0c44298fc1c149afbf4c8996fb924/d; s/ .*//'
}
`;

const syncScript = `
${stampFunction}
tree=$1 age=$2 ours=$3
shift 3
if [ -n "$ours" ] && [ ! -e "$tree/profiles/repo_name" ] && [ -n "$(ls -A "$tree")" ]; then
  echo ">>> The first sync of the tree was interrupted: starting it again"
  find "$tree" -mindepth 1 -delete || exit
fi
newest=$(stat -c %Z "$tree/.git/FETCH_HEAD" "$tree/.git/HEAD" "$tree/metadata/timestamp.chk" 2>/dev/null | sort -n | tail -n 1)
now=$(date +%s)
if [ "$age" -gt 0 ] && [ -n "$newest" ] && [ "$((now - newest))" -lt "$age" ]; then
  echo ">>> The tree was synced $((now - newest)) s ago: not synced again"
else
  "$@" 8>&- || exit
fi
stamp "$tree" >&8
`;

/**
 * Syncs under the tree's exclusive lock, unless the tree was synced less than `maxAge` seconds ago: by the change time of
 * what a sync by git, rsync or snapshot writes, which only this machine's clock sets. The job's result is the tree's
 * stamp afterwards, which {@link settingsCommand} prints as well.
 */
export function syncUnderLock(tree: string, sync: SyncRequest): readonly string[] {
  const script = ['/bin/sh', '-c', syncScript, 'gentoo-builder-sync'];
  const values = [tree, String(sync.maxAge), sync.isOurs ? 'yes' : ''];
  return underLock('exclusive', [tree], [...script, ...values, ...sync.command]);
}

/** How a tree is synced. */
export interface SyncRequest {
  readonly command: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
  /** A volume of this program's own: what is in it and no repository is what an interrupted first sync left. */
  readonly isOurs: boolean;
}

const lockScript = `
mode=$1 tree=$2
shift 2
exec 9<"$tree" || exit
if ! flock --nonblock "$mode" 9; then
  echo ">>> Waiting for another build that is using the tree" >&2
  while :; do
    flock --timeout 2 --conflict-exit-code 75 "$mode" 9
    case $? in
      0) break ;;
      75) touch /proc/self/fd/1 ;;
      *) exit 1 ;;
    esac
  done
fi
"$@" 9<&-
`;

/**
 * Runs a command while the trees are locked. A lock is on a tree's own directory, the one thing that every container
 * with that volume shares and that no sync replaces; it is dropped with the command, not with what the command leaves
 * running, which has no part in the descriptor that holds it (flock(1)). Waiting for it is no silence: the output's time
 * is renewed meanwhile.
 */
export function underLock(mode: 'exclusive' | 'shared', trees: Trees, command: readonly string[]): readonly string[] {
  const lock = ['/bin/sh', '-c', lockScript, 'gentoo-builder-lock', `--${mode}`];
  // In one order everywhere, so that no two wait for each other.
  return trees.toSorted().reduceRight((locked, tree) => [...lock, tree, ...locked], command);
}

const stampedScript = `
${stampFunction}
work=$1 tree=$2
shift 2
mkdir -p "$work/.gentoo-builder" && stamp "$tree" >"$work/.gentoo-builder/tree-stamp" || exit
exec "$@"
`;

/**
 * Runs a command, to be run under the tree's lock, of which {@link mergeCommand} leaves the tree's stamp in its result, as
 * `tree STAMP`; nothing of a tree without one.
 */
export function stampedCommand(work: string, tree: string, command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', stampedScript, 'gentoo-builder-stamped', work, tree, ...command];
}

const mergeScript = `
work=$1
shift
start=$work/.gentoo-builder/merge-start
stamp=$work/.gentoo-builder/tree-stamp
mkdir -p "\${start%/*}" && { [ -e "$start" ] || : >"$start"; } || exit
"$@" 8>&- || exit
find /var/db/pkg -mindepth 2 -maxdepth 2 -type d ! -name '-MERGING-*' -newer "$start" -printf '%P\\n' | sort >&8
[ ! -e "$stamp" ] || sed 's/^/tree /' "$stamp" >&8
find "$work" -mindepth 1 -maxdepth 1 ! -name .gentoo-builder -exec rm -rf {} +
exit 0
`;

/**
 * Runs emerge and, where it succeeds, empties its temporary directory, but for what a run keeps there for itself. The
 * job's result is what was merged in the container since the first of them began, `category/name-version` each, sorted.
 */
export function mergeCommand(work: string, emerge: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', mergeScript, 'gentoo-builder-merge', work, ...emerge];
}

/** Prints how many seconds ago anything below a directory was written to. */
export function silenceCommand(directory: string): readonly string[] {
  const script = `
newest=$(find "$1" -type f -printf '%T@\\n' | sort -n | tail -n 1)
echo "$(($(date +%s) - \${newest%.*}))"
`;
  return ['/bin/sh', '-c', script, 'gentoo-builder-silence', directory];
}

/** Prints the path of the file below a directory that was written to last, and its last lines. */
export function newestLogCommand(directory: string, lines: number): readonly string[] {
  const script = `
newest=$(find "$1" -type f -printf '%T@ %p\\n' | sort -n | tail -n 1)
echo "\${newest#* }"
tail -n "$2" -- "\${newest#* }"
`;
  return ['/bin/sh', '-c', script, 'gentoo-builder-newest-log', directory, String(lines)];
}

const settingsScript = `
${stampFunction}
tree=$1
shift
stamp=$(stamp "$tree")
[ -e /usr/lib/portage/lib/_emerge/_observability.py ] && observable=yes
for module in /usr/lib/python3*/site-packages/_emerge/_observability.py; do
  [ -e "$module" ] && observable=yes
done
for module in /usr/lib/portage/lib/_emerge/main.py /usr/lib/python3*/site-packages/_emerge/main.py; do
  grep -q -e '"--jobs-tmpdir-require-free-gb"' -- "$module" 2>/dev/null && measuring=yes
done
printf '%s\\0' "$stamp" "$observable" "$("$@")" "$measuring"
`;

/**
 * Prints, each followed by a zero byte: the tree's stamp before anything was read, `yes` if this Portage serves a status
 * stream, what `partitionCommand` prints, and `yes` if this emerge has `--jobs-tmpdir-require-free-gb`.
 */
export function settingsCommand(tree: string, partitionCommand: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', settingsScript, 'gentoo-builder-settings', tree, ...partitionCommand];
}
