/** The mount point of the store in a container: Portage's default PKGDIR since 2018. */
export const storeDirectory = '/var/cache/binpkgs';
