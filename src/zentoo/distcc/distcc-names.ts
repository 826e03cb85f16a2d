import type { Site } from '../../site/site.ts';

/** Label of a worker and of the workers' network: the name of the site. */
export const workerLabel = 'zentoo.distcc';
/** Label of a worker: the name of the buildmaster that it compiles for. */
export const workerBuildmasterLabel = 'zentoo.distcc.buildmaster';
/** Label of a worker's image: the version of the buildmaster's compiler, as the compiler prints it. */
export const workerCompilerLabel = 'zentoo.distcc.compiler';
/** Label of a worker's image: the digest of the buildmaster's compiler. */
export const workerDigestLabel = 'zentoo.distcc.compiler-digest';
/** Label of a worker's image: the CHOST of that compiler. */
export const workerChostLabel = 'zentoo.distcc.chost';
/** Label of a worker: the number of compilers that it runs at the same time. */
export const workerSlotsLabel = 'zentoo.distcc.slots';
/** Label of a worker's image: the image's own name, which the worker inherits. */
export const workerImageLabel = 'zentoo.distcc.image';

/** The name of the network of a site's workers. Containers in it reach only each other. */
export function workerNetwork({ name }: Pick<Site, 'name'>): string {
  return `zentoo-${name}-distcc`;
}

/** The name of the image of a buildmaster's workers. Its tag is the buildmaster's tag, which is unique. */
export function workerImageName({ name }: Pick<Site, 'name'>, buildmaster: string): string {
  return `zentoo/${name}/distcc:${buildmaster.slice(buildmaster.lastIndexOf(':') + 1)}`;
}

/** The log file of a worker's distccd; distccd(1), --log-stderr. */
export const workerLog = '/var/log/distccd.log';
