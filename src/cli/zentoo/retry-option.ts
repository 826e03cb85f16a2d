import { abbreviate } from '../../abbreviate.ts';
import { parsePackageArgument } from '../../portage/atom.ts';
import { splitCpv } from '../../portage/cpv.ts';
import type { Retry } from '../../zentoo/command/failure-notes.ts';
import type { ParsedArguments } from '../parse-arguments.ts';

/** Reads `--retry`: without an atom, all packages are tried again. Adds a problem for each atom of another form. */
export function readRetry(given: ParsedArguments, problems: string[]): Retry {
  const atoms = given.values('retry');
  for (const atom of atoms)
    if (!isAtom(atom))
      problems.push(`--retry=${abbreviate(atom)} is not an atom like app-misc/greet or =app-misc/greet-1.0`);
  return given.flag('retry') ? 'all' : atoms;
}

/** Whether a text is `category/name` or `=category/name-version`. */
function isAtom(text: string): boolean {
  const bare = text.replace(/^=/, '');
  if (!/^[\w+.-]+\/[\w+.-]+$/.test(bare) || !parsePackageArgument(text).ok) return false;
  return (splitCpv(bare) !== undefined) === text.startsWith('=');
}
