/**
 * Portage's own directory for building. The work volume or a tmpfs is mounted here, so that nothing is built on the
 * container's writable layer.
 */
export const workDirectory = '/var/tmp/portage';

/** PORTAGE_TMPDIR, below which Portage's own directory for building is. */
export const temporaryDirectory = '/var/tmp';

/**
 * The directory for files of this program, beside Portage's directories. It is always on the work volume: if
 * {@link workDirectory} is a tmpfs, the work volume is mounted here.
 */
export const stateDirectory = `${workDirectory}/.gentoo-builder`;

/** PORTAGE_TMPDIR of packages that are too big for a tmpfs; on the work volume. */
export const bigPackagesDirectory = `${stateDirectory}/big`;
