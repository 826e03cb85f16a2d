import { abbreviate } from '../../abbreviate.ts';
import { Failure, Failures } from '../../failure.ts';
import { didYouMean } from '../../nearest-name.ts';
import type { Site, Tuple } from '../../site/site.ts';

/** Selects the named tuples, in the site's order; all tuples if there are no names. Throws a failure per unknown name. */
export function chooseTuples({ tuples }: Site, names: readonly string[]): readonly Tuple[] {
  const known = tuples.map(({ name }) => name);
  const [first, ...others] = names
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        new Failure(
          'usage',
          `failed to find the tuple ${abbreviate(name)}: the site has no tuple of this name${didYouMean(name, known)}`,
          {
            hint: 'run zentoo list to list the tuples',
          },
        ),
    );
  if (first !== undefined) throw new Failures([first, ...others]);
  return names.length === 0 ? tuples : tuples.filter(({ name }) => names.includes(name));
}
