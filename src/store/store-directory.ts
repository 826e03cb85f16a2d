/** Where the store is in a container; Portage's own place for binary packages since 2018. */
export const storeDirectory = '/var/cache/binpkgs';
