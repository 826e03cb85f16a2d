import { abbreviate } from '../abbreviate.ts';
import type { PathStat } from '../engine/containers.ts';
import { Failure } from '../failure.ts';
import { parseFormat } from '../format-number.ts';

/** The files of a volume. */
interface MarkedFiles {
  stat(path: string): Promise<PathStat | undefined>;
  readText(path: string): Promise<string | undefined>;
  writeText(directory: string, path: string, text: string): Promise<void>;
  writeLink(directory: string, path: string, target: string): Promise<void>;
}

/** A directory with a mark: the root of a volume. */
interface MarkedVolume {
  readonly directory: string;
  /** What is in the volume, for messages. */
  readonly what: string;
  readonly volume: string;
  /** An image that the engine has. */
  readonly image: string;
}

/** The most bytes of a file that is a mark: no number of a format is as long. */
const longestMark = 16;

/**
 * Marks a directory of a volume with the number of a format. The labels of a volume cannot change. The mark is a link, because engines
 * describe a link much faster than they read a file; it leads to a file, because Podman finds no other links.
 */
export async function writeFormatMark(files: MarkedFiles, directory: string, format: number): Promise<void> {
  await files.writeText(directory, `format-${format}`, String(format));
  await files.writeLink(directory, 'format', `format-${format}`);
}

/**
 * Reads the number with which a volume is marked, as text; undefined if it has no mark. Throws `format-unknown` if the mark has no
 * number: no program wrote that, and it says nothing about who wrote the other files.
 */
export async function readFormatMark(files: MarkedFiles, marked: MarkedVolume): Promise<string | undefined> {
  const path = `${marked.directory}/format`;
  const mark = await files.stat(path);
  if (mark === undefined) return undefined;
  // Podman takes a link in a volume for the file.
  if (mark.kind !== 'symlink' && mark.kind !== 'file') throw damaged(marked, 'it is neither a link nor a file');
  if (mark.kind === 'file' && mark.size > longestMark) throw damaged(marked, `it has ${mark.size} bytes`);
  const said = mark.kind === 'symlink' ? mark.linkTarget : ((await files.readText(path)) ?? '');
  const text = mark.kind === 'symlink' ? (/(?:^|\/)format-([^/]+)$/.exec(said)?.[1] ?? said) : said.trimEnd();
  if (Number.isNaN(parseFormat(text))) throw damaged(marked, `it says ${abbreviate(said)}`);
  return text;
}

/** The file that a mark leads to remains if only the mark is damaged; without one, the label of the volume has the format. */
const repair =
  'cd /mnt && rm -rf format && for mark in $(ls -d format-[1-9]* 2>/dev/null | sort -V); do ln -sfn "$mark" format; done';

function damaged({ what, volume, image }: MarkedVolume, why: string): Failure {
  return new Failure(
    'format-unknown',
    `failed to use ${what}, the volume ${volume}: its mark of the format, the file format in it, is damaged: ${why}, and not the number of a format`,
    {
      hint: `nothing was changed; to write the mark again: docker run --rm -v ${volume}:/mnt --entrypoint sh ${image} -c '${repair}'`,
    },
  );
}
