import { Failure, Failures, type Place } from '../failure.ts';

/** A place for what concerns a file or a directory as a whole. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 1 };
}

/** A place as it is written in a message about another one. */
export function describePlace({ file, line }: Place): string {
  return `${file}:${line}`;
}

/**
 * Everything that is wrong with a site, in the order of files and positions, each thing once. Files are named relative to
 * the site's directory.
 */
export class Diagnostics {
  readonly #found = new Map<string, Place>();

  get count(): number {
    return this.#found.size;
  }

  /** Notes what is wrong at a place; the message is a clause without a full stop. */
  add(place: Place, message: string): void {
    const file = place.file.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
    this.#found.set(`${file}:${place.line}:${place.column}: ${message}`, { ...place, file });
  }

  /** Throws all of it as `Failures` with the code `site-invalid`; does nothing where nothing was found. */
  throwIfAny(): void {
    const found = [...this.#found].toSorted(([, a], [, b]) => comparePlaces(a, b));
    const [first, ...others] = found.map(([text, place]) => new Failure('site-invalid', text, { place }));
    if (first) throw new Failures([first, ...others]);
  }
}

function comparePlaces(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
