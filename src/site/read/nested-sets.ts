import { portageOwnSets } from '../../portage/own-sets.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { nearestName } from '../../nearest-name.ts';
import type { ParsedSet } from './package-set.ts';

/** The limit of sets that contain each other in a row. */
const mostLevels = 500;

/** The limit of comparisons to find a similar name. */
const mostComparisons = 100_000;

/**
 * Checks a set that a tuple uses, and the sets that it contains, directly or through other sets. Reports their faults, sets that
 * contain themselves or too many others in a row, and names that are similar to the name of a set of the site. `find` returns a set of the site by its name without `@`; `names` lists all of
 * them. Other names belong to Portage or to an ebuild repository.
 */
export function checkNestedSets(
  top: ParsedSet,
  find: (name: string) => ParsedSet | undefined,
  names: readonly string[],
  diagnostics: Diagnostics,
): void {
  const done = new Set<string>();
  let compared = 0;
  const visit = (set: ParsedSet, above: readonly string[]): void => {
    if (done.has(set.set.name)) return;
    const path = [...above, set.set.name];
    diagnostics.addAll(set.faults);
    for (const { name, place } of set.references) {
      const nested = find(name.slice(1));
      if (path.includes(name.slice(1)))
        diagnostics.add(place, `the set @${set.set.name} contains itself: ${[...path, name.slice(1)].join(' > ')}`);
      else if (nested && path.length >= mostLevels)
        diagnostics.add(place, `more than ${mostLevels} sets contain each other, from @${top.set.name} to ${name}`);
      else if (nested) visit(nested, path);
      else if (compared < mostComparisons && !portageOwnSets.has(name.slice(1)) && !names.includes(name.slice(1))) {
        compared += names.length;
        const near = nearestName(name.slice(1), names);
        if (near !== undefined) diagnostics.add(place, `there is no set ${name} in the site; did you mean '@${near}'?`);
      }
    }
    done.add(set.set.name);
  };
  visit(top, []);
}
