/**
 * Lines that a program writes about the runs of other tests, which use the same machine and the same engine: another run holds the
 * lock of the set-up, or a builder that another test killed left objects that this program finds.
 */
const ofOthers =
  /^(?:waiting for another set-up on this machine to finish|(?:note: removed|warning: failed to remove) gentoo-builder-[0-9a-f]{16}, left over from a builder that is gone\b.*)\n/gm;

/** What a program wrote to standard error about its own run. */
export function ownLines(stderr: string): string {
  return stderr.replaceAll(ofOthers, '');
}
