import type { Probe } from '../../container/probe.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import type { ListedImage } from '../../engine/images.ts';
import type { Volumes } from '../../engine/volumes.ts';
import { readFormatMark, writeFormatMark } from '../../ownership/format-mark.ts';
import { registerImage } from '../../ownership/image-register.ts';
import type { Report } from '../../report/event.ts';
import { recogniseFormerImages } from './former-images.ts';
import { formatLabel, readFormat, siteFormat } from '../identity/formats.ts';
import { readRegistered } from './registered-images.ts';
import { statePlace } from './site-state.ts';

/** The state of a site, and what is known about it. */
interface StateReading {
  readonly engine: Volumes;
  readonly report: Report;
  /** The name of the site. */
  readonly site: string;
  /** The state volume, which the probe has at {@link statePlace}. */
  readonly volume: string;
  /** The name of an image that the engine has. */
  readonly image: string;
  /** The images that are labelled as images of the site, by name. */
  readonly images: ReadonlyMap<string, ListedImage>;
  readonly access: 'read' | 'write';
}

/**
 * Reads which images zentoo committed for a site. The state of zentoo 0.1.0 has no register of images: they are recognised, and a
 * command that writes registers them and gives the state its format, so that this happens once. Throws `format-unknown` if a newer
 * zentoo wrote the state, or if the mark of its format is damaged.
 */
export async function readState(probe: Probe, reading: StateReading): Promise<Map<string, ImageId>> {
  const { volume, images } = reading;
  const what = 'the state of the site';
  const written = await readFormatMark(probe, { directory: statePlace, what, volume, image: reading.image });
  const format = written ?? (await reading.engine.inspectVolume(volume))?.labels[formatLabel];
  const isFormer = readFormat(format, `${what}, the volume ${volume}`, siteFormat) < siteFormat;
  const registered = await readRegistered(probe, images);
  const recognised = isFormer ? recogniseFormerImages(reading.site, images) : new Map<string, ImageId>();
  if (reading.access === 'write' && written === undefined) await migrate(probe, reading, recognised);
  return new Map([...recognised, ...registered]);
}

async function migrate(
  probe: Probe,
  { report, site }: StateReading,
  recognised: ReadonlyMap<string, ImageId>,
): Promise<void> {
  for (const [name, id] of recognised) await registerImage(probe, statePlace, name, id);
  await writeFormatMark(probe, statePlace, siteFormat);
  if (recognised.size === 0) return;
  const names = [...recognised.keys()].toSorted().join(', ');
  await report({ type: 'note', message: `took over the images that zentoo 0.1.0 made for the site ${site}: ${names}` });
}
