import type { Probe } from '../../container/probe.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ListedImage } from '../../engine/images.ts';
import type { Site } from '../../site/site.ts';
import { formatLabel, readFormat, siteFormat } from '../identity/formats.ts';
import { siteLabel } from '../identity/labels.ts';
import { readRegistered } from './registered-images.ts';
import type { SiteRun } from './site-run.ts';

/** Lists the images that were made for a site, by name. Throws `format-unknown` if a newer zentoo made one of them. */
export async function listSiteImages(engine: Engine, { name }: Site): Promise<ReadonlyMap<string, ListedImage>> {
  const images = await engine.imagesWithLabel(`${siteLabel}=${name}`);
  const named = images.flatMap((image) => image.names.map((each) => [each, image] as const));
  for (const [each, { labels }] of named)
    if (each.startsWith(`zentoo/${name}/`)) readFormat(labels[formatLabel], `the image ${each}`, siteFormat);
  return new Map(named);
}

/**
 * Returns a run with the site's images as they are now: another build may have made some since the run was opened. The probe
 * reads the site's state.
 */
export async function relistImages(run: SiteRun, probe: Probe): Promise<SiteRun> {
  const images = await listSiteImages(run.engine, run.site);
  const isKnown = (name: string) => run.images.get(name)?.id === images.get(name)?.id;
  const known = [...run.registered].filter(([name]) => images.has(name) && isKnown(name));
  const others = new Map([...images].filter(([name]) => !isKnown(name)));
  return { ...run, images, registered: new Map([...known, ...(await readRegistered(probe, others))]) };
}
