/** The mount point of the store in a container: Portage's default PKGDIR since 2018. */
export const storeDirectory = '/var/cache/binpkgs';

/**
 * The mount point of the store, read-only, in a container whose new packages are staged: {@link storeDirectory} is then the staging
 * place. It is inside that place, so that no image contains an empty directory of this name.
 */
export const storeBesideStaging = `${storeDirectory}/.store`;

/**
 * FEATURES of each process in a container with a staging place: Portage then believes the index, in which the packages of the
 * store have absolute paths; make.conf(5).
 */
export const stagingFeatures = 'pkgdir-index-trusted';
