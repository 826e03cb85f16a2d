import { createHash } from 'node:crypto';
import { programCommand } from './portage-program.ts';

declare const partitionBrand: unique symbol;

/**
 * The directory of binary packages that were compiled alike, relative to where all are kept:
 * `<CHOST>/<cpu>/<profile>-<digest>`. It is a PKGDIR of its own.
 */
export type Partition = string & { readonly [partitionBrand]: true };

/** What a partition depends on and Portage's configuration does not say. */
export interface PartitionKey {
  /** A site's name for the processor. Without one, a word derived from the flags stands in its place. */
  readonly cpu?: string;
  /** The texts of what is run before packages are compiled, by their names. */
  readonly hooks?: ReadonlyMap<string, string>;
}

/** Prints the partition that Portage's configuration in the container leads to; nothing if Portage knows no CHOST. */
export function partitionCommand({ cpu = '', hooks = new Map() }: PartitionKey = {}): readonly string[] {
  const texts = [...hooks].map(([name, text]) => `${name} ${createHash('sha256').update(text).digest('hex')}`);
  return programCommand('binpkg-partition', [cpu, ...texts.toSorted()]);
}

/** What {@link partitionCommand} printed; undefined if it is no partition. */
export function parsePartition(output: string): Partition | undefined {
  const path = output.trim();
  return /^(?:[A-Za-z0-9_+][A-Za-z0-9_.+-]*\/){2}[A-Za-z0-9_+][A-Za-z0-9_.+-]*-[0-9a-f]{12}$/.test(path)
    ? (path as Partition)
    : undefined;
}
