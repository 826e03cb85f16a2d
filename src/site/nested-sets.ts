import type { Diagnostics } from './diagnostics.ts';
import type { ReadSet } from './package-set.ts';

/**
 * Reports the sets that contain themselves, in what a set contains by way of others. `find` gives a set of the site by
 * its name without `@`; what it does not know is Portage's own or a repository's.
 */
export function checkNestedSets(
  top: ReadSet,
  find: (name: string) => ReadSet | undefined,
  diagnostics: Diagnostics,
): void {
  const done = new Set<string>();
  const visit = (set: ReadSet, above: readonly string[]): void => {
    if (done.has(set.set.name)) return;
    const path = [...above, set.set.name];
    for (const { name, place } of set.references) {
      const nested = find(name.slice(1));
      if (path.includes(name.slice(1)))
        diagnostics.add(place, `the set @${set.set.name} contains itself: ${[...path, name.slice(1)].join(' > ')}`);
      else if (nested) visit(nested, path);
    }
    done.add(set.set.name);
  };
  visit(top, []);
}
