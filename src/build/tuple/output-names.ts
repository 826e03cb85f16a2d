import { join } from 'node:path';
import type { Site, Tuple } from '../../site/site.ts';
import type { ArchiveTarget } from './archive-files.ts';
import type { SiteRun } from './site-run.ts';

/** The name of a tuple's image. */
export function imageName({ site }: Pick<SiteRun, 'site'>, { name }: Pick<Tuple, 'name'>): string {
  return `zentoo/${site.name}/${name}:latest`;
}

/** Where a tuple's archive is. */
export function archiveTarget(
  { outputDirectory }: Pick<SiteRun, 'outputDirectory'>,
  { name }: Pick<Tuple, 'name'>,
): ArchiveTarget {
  return { directory: outputDirectory, name };
}

/** Where a site's archives go, unless it is said. */
export function defaultOutputDirectory({ directory }: Pick<Site, 'directory'>): string {
  return join(directory, 'output');
}
