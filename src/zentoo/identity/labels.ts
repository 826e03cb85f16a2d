/** The name of the site that an image was made for. */
export const siteLabel = 'zentoo.site';
/** The name of the tuple that an image contains. */
export const tupleLabel = 'zentoo.tuple';
/** The fingerprint of the image's inputs; see `plan/fingerprint.ts`. */
export const rootFingerprintLabel = 'zentoo.fingerprint';
/** The image's inputs themselves, so that a plan can name the inputs that changed. */
export const inputsLabel = 'zentoo.inputs';
/** The partition of the store that holds the image's packages. */
export const partitionLabel = 'zentoo.partition';
/** The commit of the site's own repository from which the image was made; not an input, because much of the site is no input. */
export const siteCommitLabel = 'zentoo.commit';
