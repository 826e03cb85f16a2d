import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../failure.ts';
import type { BuildContainer } from '../build-container.ts';
import { findContainerLoss } from '../container-loss.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';
import { workspaceVolume } from '../workspace.ts';
import { ArchiveFiles, describe, explained, readBack, type ArchiveTarget } from './archive-files.ts';
import { formatManifest, type ArchiveDigest, type RootDescription } from './manifest.ts';
import { archiveCommand, surveyCommand, type RootSurvey } from './root-contents.ts';
import { streamRoot } from './stream-root.ts';

const attempts = 5;
const pauseMs = 500;
const shownLines = 20;

/** An archive that is in place. */
export interface RootArchive extends ArchiveDigest {
  readonly path: string;
  /** Bytes of the tar within. */
  readonly contentSize: number;
}

/**
 * Archives the live root of a running container: `<name>.tar.zst`, `<name>.tar.zst.sha512` as sha512sum(1) takes it, and
 * `<name>.manifest.json`. What was there under these names stays until the new archive was read back whole; then the archive is
 * replaced first, and the manifest, which names the digest of its archive, last. To unpack one:
 * `tar --extract --preserve-permissions --numeric-owner --xattrs --xattrs-include='*' --acls --file=NAME.tar.zst`.
 *
 * A stream that is cut is begun anew, and so is a root that changed while it was read. Throws `archive-failed` when
 * either goes on, when the root's tar lacks what is needed, and when the files cannot be written; `container-lost`; the signal's reason.
 * None of them leaves anything behind.
 */
export async function writeArchive(
  context: BuildContext,
  container: BuildContainer,
  target: ArchiveTarget,
  description: RootDescription,
  root = '/',
): Promise<RootArchive> {
  const { engine, signal } = context;
  signal.throwIfAborted();
  const command = archiveCommand(root, await surveyRoot(context, container, root));
  const isGone = async (run: string) => (await engine.inspectVolume(workspaceVolume(run))) === undefined;
  const files = await ArchiveFiles.open(target, container.workspace.run, isGone);
  try {
    const contentSize = await streamWhole(context, container, command, files);
    const back = await explained(target, () => readBack(files.archive, signal));
    if (back?.contentSize !== contentSize) throw damaged(target);
    const { sha512, size } = back;
    await files.describe({ sha512, size }, formatManifest(description, { sha512, size }));
    signal.throwIfAborted();
    return { path: await files.putInPlace(), sha512, size, contentSize };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await files.discard();
  }
}

async function surveyRoot({ engine }: BuildContext, { id }: BuildContainer, root: string): Promise<RootSurvey> {
  const { stdout, stderr } = await runCommand(engine, id, { command: surveyCommand(root) });
  let survey: RootSurvey;
  try {
    survey = JSON.parse(stdout) as RootSurvey;
  } catch (error) {
    throw new Failure('archive-failed', 'failed to archive the root: what is mounted in it could not be read', {
      logTail: (stderr || stdout).split('\n').filter(Boolean).slice(-shownLines),
      hint: 'a root needs python3, as Portage itself does: see whether the stage has it',
      cause: error,
    });
  }
  if (survey.complaints.length > 0) {
    throw new Failure(
      'archive-failed',
      `failed to archive the root: its tar cannot keep all: ${survey.complaints[0]}`,
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

/** The size of the tar. */
async function streamWhole(
  context: BuildContext,
  container: BuildContainer,
  command: readonly string[],
  { archive, target }: ArchiveFiles,
): Promise<number> {
  const { engine, signal } = context;
  for (let attempt = 1; ; attempt++) {
    const outcome = await explained(target, () => streamRoot(context, container, command, archive));
    if (outcome.kind === 'whole') return outcome.contentSize;
    const loss = findContainerLoss(await engine.inspectContainer(container.id), 'archive the root');
    if (loss !== undefined) throw loss;
    if (outcome.kind === 'refused' && (outcome.status !== 1 || attempt === attempts)) {
      throw unreadable(target, outcome.status, outcome.lines);
    }
    if (outcome.kind === 'cut' && attempt === attempts) {
      throw new Failure(
        'engine-lost',
        `failed to write ${describe(target)}: the engine cut the stream ${attempts} times, each before the archive's end`,
        {
          hint: 'check what stands between this program and the engine: a proxy, a restarting engine',
          cause: outcome.cause,
        },
      );
    }
    await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** tar's exit status 1 means that files changed while they were read, and 2 that something could not be read at all. */
function unreadable(target: ArchiveTarget, status: number, lines: readonly string[]): Failure {
  const why = status === 1 ? `the root changed while it was read, ${attempts} times` : `tar ended with ${status}`;
  return new Failure('archive-failed', `failed to write ${describe(target)}: ${why}`, {
    logTail: lines.slice(-shownLines),
    hint:
      status === 1
        ? 'something in the root is still writing to these files: have the hook that started it stop it'
        : "see tar's own message; the disk of the engine's data directory may be failing",
  });
}

function damaged(target: ArchiveTarget): Failure {
  return new Failure('archive-failed', `failed to write ${describe(target)}: it is damaged when read back`, {
    hint: 'the disk or its file system is failing: name a directory elsewhere: --output-dir DIR',
  });
}
