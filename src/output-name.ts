/**
 * The kinds of output, in the order in which they are shown. `zentoo/output/output-kinds.ts` has a module for each. The list is at
 * the top of `src` because the command line reads it before anything of a site is loaded.
 */
export const outputNames = ['image', 'archive'] as const;

/** A kind of output. */
export type OutputName = (typeof outputNames)[number];
