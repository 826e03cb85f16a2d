import { createHash } from 'node:crypto';
import { pythonProgram } from '../container-program.ts';

declare const partitionBrand: unique symbol;

/**
 * The directory for binary packages that were compiled with the same settings, relative to the store:
 * `<CHOST>/<cpu>/<profile>-v2-<digest>`; `v2` is the format of the digest. Each partition is a separate PKGDIR.
 */
export type Partition = string & { readonly [partitionBrand]: true };

/** The inputs of a partition that are not in Portage's configuration. */
export interface PartitionKey {
  /** The name of the processor in the site. By default it is a word derived from the compiler flags. */
  readonly cpu?: string;
  /** The texts of the hooks that run before packages are compiled, by name. */
  readonly hooks?: ReadonlyMap<string, string>;
}

/** The command that prints the partition for Portage's configuration in a container; it fails if Portage knows no CHOST. */
export function partitionCommand({ cpu = '', hooks }: PartitionKey = {}): readonly string[] {
  return pythonProgram(new URL('./binpkg-partition.py', import.meta.url), cpu, ...hookArguments(hooks));
}

/** The name and the digest of each hook, as arguments of a program that computes a partition. */
export function hookArguments(hooks: PartitionKey['hooks'] = new Map()): readonly string[] {
  const texts = [...hooks].map(([name, text]) => `${name} ${createHash('sha256').update(text).digest('hex')}`);
  return texts.toSorted();
}

/** Whether a partition has the present format; zentoo 0.1.0 had one without a number. */
export function isPresentFormat(partition: Partition): boolean {
  return /-v2-[0-9a-f]{12}$/.test(partition);
}

/** Parses the output of {@link partitionCommand}; undefined if it is not a partition. */
export function parsePartition(output: string): Partition | undefined {
  const path = output.trim();
  return /^(?:[A-Za-z0-9_+][A-Za-z0-9_.+-]*\/){2}[A-Za-z0-9_+][A-Za-z0-9_.+-]*-[0-9a-f]{12}$/.test(path)
    ? (path as Partition)
    : undefined;
}
