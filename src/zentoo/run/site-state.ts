import type { BuildContext } from '../../container/context.ts';
import { lookInto } from '../../container/look-into.ts';
import type { Probe } from '../../container/probe.ts';
import type { MountSpec } from '../../engine/containers.ts';
import type { SiteRun } from './site-run.ts';
import { stateVolume } from '../identity/volume-names.ts';

/** The mount point of a site's state volume in a probe. */
export const statePlace = '/mnt/state';

/** The mount of a state volume in a probe, at {@link statePlace}. */
export function stateMount(volume: string): MountSpec {
  return { type: 'volume', source: volume, target: statePlace };
}

/** A site's state volume, and an image for a probe that reads and writes its files. */
export interface SiteState {
  readonly context: BuildContext;
  readonly volume: string;
  /** The name of an image that the engine has. */
  readonly image: string;
}

/** The state of a run's site. The probe takes the image of one of the site's stages; the engine must have one. */
export function stateOf({ engine, report, signal, self, volumePrefix, anyStage }: SiteRun): SiteState {
  if (anyStage === undefined) throw new Error('the engine has no image of a stage of the site');
  return { context: { engine, report, signal, self }, volume: stateVolume({ volumePrefix }), image: anyStage.name };
}

/** Reads and writes files of a state volume, which is at {@link statePlace} in the probe. Starts no container. */
export function lookIntoState<T>(
  { context, volume, image }: SiteState,
  look: (probe: Probe) => Promise<T>,
): Promise<T> {
  return lookInto(context, { image, mounts: [stateMount(volume)] }, look);
}
