import { builderFormatLabel, volumeLabel } from '../../container/tree.ts';
import { withProbe, type Probe, type ProbeRequest } from '../../container/probe.ts';
import type { Workspace } from '../../container/workspace.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Volumes } from '../../engine/volumes.ts';
import { requireFormat } from '../../format-number.ts';
import { readFormatMark } from '../../ownership/format-mark.ts';
import { imagesVolume } from '../../ownership/image-register.ts';

/**
 * The format of the registers in the volume {@link imagesVolume}: increment it when a former gentoo-builder must not work on them any
 * more. Its number is in the label of the volume or, if a newer gentoo-builder migrated an existing volume, in the mark of
 * {@link readFormatMark}.
 */
const registersFormat = 1;

const what = 'the registers of images and trees';

/** The directory of the registers in a probe. */
const place = '/mnt';

/** The run that looks into the registers, and the image of its probe. */
interface RegisterAccess extends Pick<ProbeRequest, 'image'> {
  readonly engine: Engine;
  readonly workspace: Workspace;
}

/** Throws `format-unknown` if the label of the registers' volume has a format that this gentoo-builder does not know. */
export async function checkRegisters(engine: Volumes): Promise<void> {
  requireKnown((await engine.inspectVolume(imagesVolume))?.labels[builderFormatLabel]);
}

/** Creates the volume of the registers if it does not exist. */
export async function createRegisters(engine: Volumes): Promise<void> {
  await engine.createVolume(imagesVolume, { [volumeLabel]: 'images', [builderFormatLabel]: String(registersFormat) });
}

/**
 * Looks into the registers of a volume that {@link checkRegisters} has checked, and may write into them; `look` gets their directory.
 * Throws `format-unknown` if a newer gentoo-builder migrated them, or if the mark of their format is damaged, and changes nothing then.
 */
export async function withRegisters<T>(
  { engine, workspace, image }: RegisterAccess,
  look: (probe: Probe, place: string) => Promise<T>,
): Promise<T> {
  const mounts = [{ type: 'volume', source: imagesVolume, target: place }] as const;
  return withProbe(engine, workspace, { image, mounts }, async (probe) => {
    requireKnown(await readFormatMark(probe, { directory: place, what, volume: imagesVolume, image }));
    return look(probe, place);
  });
}

function requireKnown(format: string | undefined): void {
  requireFormat(format, {
    what: `${what}, the volume ${imagesVolume}`,
    known: registersFormat,
    program: 'gentoo-builder',
  });
}
