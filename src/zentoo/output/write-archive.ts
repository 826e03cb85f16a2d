import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../failure.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { workVolumeName } from '../../ownership/ownership.ts';
import { ArchiveFiles, archivePath, withArchiveFailure, readBack, type ArchiveTarget } from './archive-files.ts';
import { formatManifest, type ArchiveDigest, type RootDescription } from './manifest.ts';
import { parseJson } from '../../parse-json.ts';
import { archiveCommand, rootSurveySchema, surveyCommand, type RootSurvey } from './root-contents.ts';
import { compressRoot } from './compress-root.ts';

const attempts = 5;
const shownLines = 20;

/** An archive that was written. */
export interface RootArchive extends ArchiveDigest {
  readonly path: string;
  /** The size of the tar in bytes. */
  readonly contentSize: number;
}

/** Options of {@link writeArchive}. */
export interface ArchiveOptions {
  /** The root's path in the container. */
  readonly root?: string;
  /** The pause before the archive is started again, in milliseconds. */
  readonly pauseMs?: number;
}

/**
 * Archives the live root of a running container: `<name>.tar.zst`, `<name>.tar.zst.sha512` as sha512sum(1) takes it, and
 * `<name>.manifest.json`. Existing files stay until the new archive has been read back completely; then the archive is replaced
 * first, and the manifest, which has the digest of its archive, last. To unpack an archive:
 * `tar --extract --preserve-permissions --numeric-owner --xattrs --xattrs-include='*' --acls --file=NAME.tar.zst`.
 *
 * If the stream is cut, or the root changes while it is read, the archive is started again. Throws `archive-failed` if that does
 * not help, if the root's tar lacks an option, or if the files cannot be written; `container-lost`; and the signal's reason. No
 * file is left behind.
 */
export async function writeArchive(
  session: ContainerSession,
  target: ArchiveTarget,
  description: RootDescription,
  { root = '/', pauseMs = 500 }: ArchiveOptions = {},
): Promise<RootArchive> {
  const { engine, signal } = session;
  signal.throwIfAborted();
  const command = archiveCommand(root, await surveyRoot(session, root));
  const isGone = async (run: string) => (await engine.inspectVolume(workVolumeName(run))) === undefined;
  const files = await ArchiveFiles.open(target, session.workspace.run, isGone);
  try {
    const contentSize = await streamWhole(session, command, files, pauseMs);
    const back = await withArchiveFailure(target, () => readBack(files.archive, signal));
    if (back?.contentSize !== contentSize) throw damaged(target);
    const { sha512, size } = back;
    await files.writeChecksumAndManifest({ sha512, size }, formatManifest(description, { sha512, size }));
    signal.throwIfAborted();
    return { path: await files.putInPlace(), sha512, size, contentSize };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await files.discard();
  }
}

async function surveyRoot(session: ContainerSession, root: string): Promise<RootSurvey> {
  const { stdout, stderr } = await session.run({ command: surveyCommand(root) });
  const survey = parseJson(rootSurveySchema, stdout);
  if (survey === undefined)
    throw new Failure('archive-failed', 'failed to archive the root: its mounts could not be read', {
      logTail: (stderr || stdout).split('\n').filter(Boolean).slice(-shownLines),
      hint: 'check that the stage has python3, which zentoo and Portage need',
    });
  if (survey.complaints.length > 0) {
    throw new Failure(
      'archive-failed',
      `failed to archive the root: its tar cannot keep all attributes of files: ${survey.complaints[0]}`,
      {
        logTail: survey.complaints.slice(-shownLines),
        hint: 'GNU tar with ACLs and extended attributes is needed: USE="acl xattr" for app-arch/tar in the portage branch',
      },
    );
  }
  const strange = survey.mounts.find(({ path }) => !path.isWellFormed());
  if (strange !== undefined) {
    throw new Failure(
      'archive-failed',
      `failed to archive the root: a mount point's name is not UTF-8: ${JSON.stringify(strange.path)}`,
      { hint: 'mount it elsewhere' },
    );
  }
  return survey;
}

/**
 * Streams the tar of a root to a file, again if the stream is cut or the root changes meanwhile. Returns the size of the tar.
 */
async function streamWhole(
  session: ContainerSession,
  command: readonly string[],
  { archive, target }: ArchiveFiles,
  pauseMs: number,
): Promise<number> {
  const { signal } = session;
  for (let attempt = 1; ; attempt++) {
    const outcome = await withArchiveFailure(target, () => compressRoot(session, command, archive));
    if (outcome.kind === 'whole') return outcome.contentSize;
    const loss = await session.findLoss('archive the root');
    if (loss !== undefined) throw loss;
    if (outcome.kind === 'refused' && (outcome.status !== 1 || attempt === attempts)) {
      throw unreadable(target, outcome.status, outcome.lines);
    }
    if (outcome.kind === 'cut' && attempt === attempts) {
      throw new Failure(
        'engine-lost',
        `failed to write ${archivePath(target)}: the engine cut the stream ${attempts} times, each before the archive's end`,
        {
          hint: 'check whether a proxy between this program and the engine closes connections, or whether the engine restarts',
          cause: outcome.cause,
        },
      );
    }
    await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Tar exits with 1 if files changed while they were read, and with 2 if a file could not be read. */
function unreadable(target: ArchiveTarget, status: number, lines: readonly string[]): Failure {
  const why = status === 1 ? `the root changed while it was read, ${attempts} times` : `tar ended with ${status}`;
  return new Failure('archive-failed', `failed to write ${archivePath(target)}: ${why}`, {
    logTail: lines.slice(-shownLines),
    hint:
      status === 1
        ? 'a process still writes to the files: stop it in the hook that started it'
        : "see tar's own message; the disk of the engine's data directory may be failing",
  });
}

function damaged(target: ArchiveTarget): Failure {
  return new Failure('archive-failed', `failed to write ${archivePath(target)}: it is damaged when read back`, {
    hint: 'the disk or its file system is failing: use a directory on another one: --output-dir DIR',
  });
}
