import { join } from 'node:path';
import type { Site } from '../../site/site.ts';

/** The default directory for a site's archives. */
export function defaultOutputDirectory({ directory }: Pick<Site, 'directory'>): string {
  return join(directory, 'output');
}
