import { createHash } from 'node:crypto';
import { splitCpv } from '../portage/cpv.ts';
import type { Tuple } from '../site/site.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { PackageGroup } from './package-pool.ts';

/**
 * Identifies everything that decides whether a compilation succeeds: what Portage knows of the packages, the settings of the branch
 * that the partition of the store leaves out (all of make.conf, and the patches for the packages), the stage and zentoo's method.
 * Empty if Portage does not know the inputs.
 */
export function compilationInputs(
  { inputs, packages }: Pick<PackageGroup, 'inputs' | 'packages'>,
  { tuple, fingerprint }: { readonly tuple: Pick<Tuple, 'portage'>; readonly fingerprint: Fingerprint },
): string {
  if (inputs === '') return '';
  const names = packages.map(({ cpv }) => splitCpv(cpv)?.name ?? cpv);
  const settings = tuple.portage.entries
    .filter(({ path }) => isIn(path, 'make.conf') || names.some((name) => isPatchOf(path, name)))
    .map(({ path, type, id }) => `${type} ${id} ${path}`);
  const { pipeline = '', 'stage/id': stage = '' } = fingerprint.inputs;
  const parts = [inputs, pipeline, stage, ...settings.toSorted()];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

function isIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Whether Portage may apply a file as a patch: the directory has the package's name, with or without version and slot. */
function isPatchOf(path: string, name: string): boolean {
  const start = `patches/${name}`;
  return path.startsWith(start) && /^(?:-\d[^/]*)?(?::[^/]*)?(?:\/|$)/.test(path.slice(start.length));
}
