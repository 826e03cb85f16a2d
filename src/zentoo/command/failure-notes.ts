import { Failure, Failures, failuresOf } from '../../failure.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import { splitCpv } from '../../portage/cpv.ts';
import {
  dropVoid,
  findHopeless,
  findVoid,
  isOwnFailure,
  noteFailure,
  type FailureNote,
} from '../../record/failed-packages.ts';
import { didYouMean } from '../../nearest-name.ts';

/** The hopeless packages that a build tries again: all, or those that match an atom, `category/name` or `=category/name-version`. */
export type Retry = 'all' | readonly string[];

/** Changes notes as they are at the end of a build. */
type Change = (notes: readonly FailureNote[]) => readonly FailureNote[];

/**
 * The notes of failed packages during a build: says which packages are not tried, and collects the changes of the notes. Only orders that
 * compile packages have notes.
 */
export class FailureNotes {
  readonly #retry: Retry;
  readonly #now: () => number;
  readonly #changes: Change[] = [];
  #notes: readonly FailureNote[] = [];

  constructor(retry: Retry, now: () => number = Date.now) {
    this.#retry = retry;
    this.#now = now;
  }

  /** Takes the notes of earlier builds. */
  load(notes: readonly FailureNote[]): void {
    this.#notes = notes;
  }

  /** Throws the failure of an order whose packages are hopeless. */
  check(order: WorkOrder): void {
    if (order.kind !== 'packages') return;
    const note = findHopeless(this.#notes, order, this.#now());
    if (note !== undefined && !isChosen(note, this.#retry)) throw hopelessFailure(note);
  }

  /** Notes that the packages of an order were compiled. */
  succeed(order: WorkOrder): void {
    if (order.kind !== 'packages' || findVoid(this.#notes, order).length === 0) return;
    this.#changes.push((notes) => dropVoid(notes, order));
  }

  /** Notes the failure of an order, if its packages are the cause and their inputs are known. */
  fail(order: WorkOrder, error: unknown, log: string | undefined): void {
    if (order.kind !== 'packages' || order.inputs === '' || !isOwnFailure(failuresOf(error), order)) return;
    const { inputs, partition, packages } = order;
    const at = this.#now();
    this.#changes.push((notes) => noteFailure(notes, { inputs, partition, packages, at, log }));
  }

  get hasChanged(): boolean {
    return this.#changes.length > 0;
  }

  /** Makes the changes of this build in notes, which another build may have changed. */
  update(notes: readonly FailureNote[]): readonly FailureNote[] {
    return this.#changes.reduce((changed, change) => change(changed), notes);
  }
}

/** The failure of packages that are not tried again. */
export function hopelessFailure(note: FailureNote): Failure {
  const [first = '', ...others] = note.packages;
  const together = others.length === 0 ? first : `${first} with ${others.join(', ')}`;
  return new Failure('build-failed', `failed to emerge ${together}: ${describeHopeless(note)}`, {
    hint: `change the package, its settings or its dependencies, or try again with ${retryOption(note)}`,
  });
}

/** Says why packages are not tried again, with the date and the log of the last failure. */
export function describeHopeless({ failures, last, log }: FailureNote): string {
  const times = failures === 2 ? 'twice' : `${failures} times`;
  return `it failed ${times} with the same inputs, last on ${last.slice(0, 10)}${log === null ? '' : `; log: ${log}`}`;
}

/** The option that has zentoo try packages again. */
export function retryOption({ packages: [first = ''] }: FailureNote): string {
  return `--retry ${nameOf(first)}`;
}

/** Throws a failure for each atom that matches no package that has failed. */
export function requireNotes(atoms: readonly string[], notes: readonly FailureNote[]): void {
  const cpvs = [...new Set(notes.flatMap(({ packages }) => packages))].toSorted();
  const [first, ...others] = atoms
    .filter((atom) => !cpvs.some((cpv) => matches(atom, cpv)))
    .map((atom) => {
      const known = cpvs.map((cpv) => (atom.startsWith('=') ? `=${cpv}` : nameOf(cpv)));
      const message = `failed to find a failed package for --retry ${atom}: no package of this name has failed`;
      return new Failure('usage', `${message}${didYouMean(atom, known)}`, {
        hint:
          cpvs.length === 0 ? 'omit --retry: no package has failed' : `the packages that failed: ${cpvs.join(', ')}`,
      });
    });
  if (first !== undefined) throw new Failures([first, ...others]);
}

/** Whether packages are tried again although they are hopeless. */
export function isChosen({ packages }: FailureNote, retry: Retry): boolean {
  return retry === 'all' || packages.some((cpv) => retry.some((atom) => matches(atom, cpv)));
}

function matches(atom: string, cpv: string): boolean {
  return atom === `=${cpv}` || atom === nameOf(cpv);
}

function nameOf(cpv: string): string {
  return splitCpv(cpv)?.name ?? cpv;
}
