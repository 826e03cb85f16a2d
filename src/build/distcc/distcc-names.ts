import type { Site } from '../../site/site.ts';

/** The label of a worker that says whose it is: the site's name. */
export const workerLabel = 'zentoo.distcc';
/** The name of the buildmaster that a worker compiles for. */
export const workerBuildmasterLabel = 'zentoo.distcc.buildmaster';
/** What a worker's compiler said of itself in the buildmaster. */
export const workerCompilerLabel = 'zentoo.distcc.compiler';
/** The digest of the buildmaster's compiler. */
export const workerDigestLabel = 'zentoo.distcc.compiler-digest';
/** What that compiler makes code for. */
export const workerChostLabel = 'zentoo.distcc.chost';
/** How many compilers a worker runs at once. */
export const workerSlotsLabel = 'zentoo.distcc.slots';
/** The name of the image that a worker was made of. */
export const workerImageLabel = 'zentoo.distcc.image';

/** The network of a site's workers, which leads nowhere else. */
export function workerNetwork({ name }: Pick<Site, 'name'>): string {
  return `zentoo-${name}-distcc`;
}

/** The image of a buildmaster's workers; a buildmaster's name ends in what tells it from all others. */
export function workerImageName({ name }: Pick<Site, 'name'>, buildmaster: string): string {
  return `zentoo/${name}/distcc:${buildmaster.slice(buildmaster.lastIndexOf(':') + 1)}`;
}

/** The name of one of a buildmaster's workers; they are numbered from 1 on. */
export function workerName({ name }: Pick<Site, 'name'>, buildmaster: string, number: number): string {
  return `zentoo-${name}-distcc-${buildmaster.slice(-8)}-${number}`;
}

/** Where a worker writes down what it does; distccd(1), --log-stderr. */
export const workerLog = '/var/log/distccd.log';
