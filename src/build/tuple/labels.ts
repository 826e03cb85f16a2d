/** The site that an image was made for. */
export const siteLabel = 'zentoo.site';
/** The tuple that an image is the root of. */
export const tupleLabel = 'zentoo.tuple';
/** What an image was made of; see `plan/fingerprint.ts`. */
export const fingerprintLabel = 'zentoo.fingerprint';
/** That in words, to say what has changed since. */
export const inputsLabel = 'zentoo.inputs';
/** Where in the store the packages of an image come from. */
export const partitionLabel = 'zentoo.partition';
