/** A clause for the end of a message that suggests the nearest name; empty if no name is near. */
export function didYouMean(text: string, names: Iterable<string>): string {
  const near = nearestName(text, names);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

/** The name with the smallest edit distance to the text; undefined if the distance is more than a third of the length. */
export function nearestName(text: string, names: Iterable<string>): string | undefined {
  let nearest: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = nameDistance(text, name);
    if (nearest === undefined || distance < nearest.distance) nearest = { name, distance };
  }
  if (nearest === undefined) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(text.length, nearest.name.length) / 3));
  return nearest.distance <= allowed ? nearest.name : undefined;
}

/** The edit distance between a text and a name. All differences between capital and small letters together are one edit. */
export function nameDistance(text: string, name: string): number {
  return Math.min(editDistance(text, name), 1 + editDistance(text.toLowerCase(), name.toLowerCase()));
}

/**
 * The number of characters to insert, remove, replace or swap with their neighbour to turn one text into the other (optimal
 * string alignment). Texts of more than 200 characters are not compared and count as entirely different.
 */
export function editDistance(from: string, to: string): number {
  const longest = Math.max(from.length, to.length);
  if (longest > 200) return longest;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = at(last, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? at(beforeLast, column - 2) + 1 : Infinity;
      current.push(Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
