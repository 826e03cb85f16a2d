import { requireFormat } from '../../format-number.ts';

/**
 * The format of the objects that a site has on an engine: its registration, its state, the labels of its images. Format 1 is that of
 * zentoo 0.1.0, which has no number. Increment it when a former zentoo must not work on them any more; docs/upgrading.md lists all.
 */
export const siteFormat = 2;

/** The label with {@link siteFormat}. */
export const formatLabel = 'zentoo.format';

/** Reads the number of a format; 1 if there is none. Throws `format-unknown` if this zentoo does not know the format. */
export function readFormat(text: string | undefined, what: string, known: number): number {
  return requireFormat(text, { what, known, program: 'zentoo' });
}
