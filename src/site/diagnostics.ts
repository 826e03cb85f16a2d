import { Failure, Failures, type Place } from '../failure.ts';

/** The position of a fault that concerns a whole file or directory. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 1 };
}

/** Formats a position for a message about another position. */
export function describePlace({ file, line }: Place): string {
  return `${file}:${line}`;
}

/**
 * Collects all faults of a site, each once, ordered by file and position. Files are named relative to the site's directory.
 */
export class Diagnostics {
  readonly #found = new Map<string, Place>();

  get count(): number {
    return this.#found.size;
  }

  /** Adds a fault at a position; the message is a clause without a full stop. */
  add(place: Place, message: string): void {
    const file = place.file.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
    this.#found.set(`${file}:${place.line}:${place.column}: ${message}`, { ...place, file });
  }

  /** Adds all faults that were collected elsewhere. */
  addAll(others: Diagnostics): void {
    for (const [text, place] of others.#found) this.#found.set(text, place);
  }

  /** Throws all faults as `Failures` with the code `site-invalid`; does nothing if there is no fault. */
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
