import type { Site, Tuple } from '../../site/site.ts';
import type { ArchiveTarget } from './archive-files.ts';

/** The name of a tuple's image. */
export function imageName({ site }: { readonly site: Pick<Site, 'name'> }, { name }: Pick<Tuple, 'name'>): string {
  return `zentoo/${site.name}/${name}:latest`;
}

/** The place of a tuple's archive. */
export function archiveTarget(
  { outputDirectory }: { readonly outputDirectory: string },
  { name }: Pick<Tuple, 'name'>,
): ArchiveTarget {
  return { directory: outputDirectory, name };
}
