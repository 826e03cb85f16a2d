import type { Intake } from '../../../src/store/intake/take-in.ts';
import { parseJson } from '../../../src/parse-json.ts';
import * as v from 'valibot';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';

const expectedPackage = v.object({ cpv: v.string() });

/** The new packages of a staging place, as `list-staged.sh` prints them. */
export function stagedIn(container: FakeContainer, directory: string): string {
  const { files, path } = container.filesAt(directory);
  const below = [...files.keys()].map((name) => name.slice(path.length).replace(/^\//, ''));
  return below
    .filter((name) => /^(?:[^/]+\/){2}[^/]+-v2-.{12}\/.+\.gpkg\.tar$/.test(name))
    .map((name) => `${name}\n`)
    .join('');
}

/** Takes new packages into the store, as `take-in.py` does. Each file has the name of its package. */
export function takeIn(
  container: FakeContainer,
  [staging = '', pkgdir = '', , ...expected]: readonly string[],
  refusals: ReadonlyMap<string, { readonly why: string; readonly again: boolean }>,
): Intake {
  const cpvs = expected.map((text) => parseJson(expectedPackage, text)?.cpv ?? '');
  const from = container.filesAt(staging);
  const to = container.filesAt(pkgdir);
  const paths = [...from.files].filter(([name]) => name.startsWith(`${from.path}/`) && name.endsWith('.gpkg.tar'));
  const taken: Intake['taken'][number][] = [];
  const refused: Intake['refused'][number][] = [];
  for (const [name, file] of paths) {
    const path = name.slice(from.path.length + 1);
    const cpv = path.slice(0, -'.gpkg.tar'.length);
    const isExpected = cpvs.includes(cpv) || cpvs.includes('*');
    const refusal = isExpected ? refusals.get(cpv) : { why: 'it was not planned', again: false };
    if (refusal === undefined) {
      to.files.set(`${to.path}/${path}`, file);
      taken.push({ path, cpv, buildId: 1 });
    } else refused.push({ path, cpv, expected: isExpected, ...refusal });
  }
  return { taken, refused };
}
