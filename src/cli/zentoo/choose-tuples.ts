import { abbreviate } from '../../abbreviate.ts';
import { Failure, Failures } from '../../failure.ts';
import { didYouMean } from '../../site/nearest-name.ts';
import type { Site, Tuple } from '../../site/site.ts';

/** The tuples of these names, in the site's order; all of them where none is named. Throws what is no tuple's name. */
export function chooseTuples({ tuples }: Site, names: readonly string[]): readonly Tuple[] {
  const known = tuples.map(({ name }) => name);
  const [first, ...others] = names
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        new Failure(
          'usage',
          `failed to find the tuple ${abbreviate(name)}: the site has none of that name${didYouMean(name, known)}`,
          {
            hint: 'zentoo list shows all',
          },
        ),
    );
  if (first !== undefined) throw new Failures([first, ...others]);
  return names.length === 0 ? tuples : tuples.filter(({ name }) => names.includes(name));
}
