import { EngineRefusal } from '../../engine/refusal.ts';
import { Failure, failuresOf, type FailureCode } from '../../failure.ts';
import type { WorkOrder } from '../../plan/work-order.ts';

/**
 * What the failure of an order means for other engines: the engine was lost, cannot run the code of its CPU, cannot carry it out (its disk may be full), had too little memory, or made a package
 * that the store refuses. Undefined if the package fails by itself.
 */
export function meaningOf(error: unknown): Meaning | undefined {
  if (error instanceof EngineRefusal) return 'unfit';
  const codes = failuresOf(error).map(({ code }) => code);
  return meanings.find(([, of]) => of.some((code) => codes.includes(code)))?.[0];
}

export type Meaning = 'lost' | 'cpu' | 'unfit' | 'memory' | 'refused';

const meanings: readonly (readonly [Meaning, readonly FailureCode[]])[] = [
  ['lost', ['engine-lost', 'engine-unreachable', 'container-lost']],
  ['cpu', ['cpu-unusable']],
  ['unfit', ['node-unfit', 'engine-refused', 'disk-full']],
  ['memory', ['out-of-memory']],
  ['refused', ['package-refused']],
];

/** The failure of an order with which several engines were lost. */
export function lostOften(order: WorkOrder, engines: readonly string[], cause: unknown): Failure {
  const message = `failed to compile ${describeOrder(order)}: ${engines.length} engines were lost with it: ${engines.join(', ')}`;
  return new Failure('node-lost', message, {
    hint: 'the package may take too much memory for them: look at their kernel logs, or build without further engines',
    cause,
  });
}

/** Names the packages of an order. */
export function describeOrder(order: WorkOrder): string {
  return order.kind === 'packages' ? order.packages.map(({ cpv }) => cpv).join(', ') : order.kind;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
