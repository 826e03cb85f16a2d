import { enabledFlags, type PretendedPackage } from '../portage/pretend-package.ts';
import { listOf } from './json-answer.ts';
import { askPortage, type StoreMount } from './portage-program.ts';

/**
 * Of packages that emerge would merge, for each the positions of those that it needs: to be compiled, if it is, and to run.
 * Portage's own metadata says so, in the container in which emerge was asked.
 */
export function findDependencies(
  store: StoreMount,
  packages: readonly PretendedPackage[],
): Promise<readonly (readonly number[])[]> {
  const args = packages.map((item) => {
    const { cpv, repository, root = '/', kind, use } = item;
    // What is installed or packaged is bound to sub-slots.
    const slot = `${item.slot}/${item.subslot}`;
    return JSON.stringify({ cpv, slot, repository, root, compiled: kind === 'ebuild', use: enabledFlags(use) });
  });
  return askPortage(store, 'dependencies', args, (json) => parseDependencies(json, packages.length));
}

/** What the program prints; undefined if it is something else, or not about so many packages. */
export function parseDependencies(json: unknown, count: number): readonly (readonly number[])[] | undefined {
  const isPosition = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < count;
  const needs = listOf(json, (each) => listOf(each, (value) => (isPosition(value) ? (value as number) : undefined)));
  return needs?.length === count ? needs : undefined;
}
