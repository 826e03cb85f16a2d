import * as v from 'valibot';
import { Failure } from '../failure.ts';
import { askPortage, pkgdirOf, type StoreMount } from './portage-program.ts';

const program = () => new URL('./check-root.py', import.meta.url);

/** A package of the stage that a buildmaster was made from. */
export interface StagePackage {
  /** `category/name-version`. */
  readonly cpv: string;
  /** The time at which the package was compiled, in seconds since 1970, as Portage keeps it; empty if it is not known. */
  readonly buildTime: string;
}

/** An atom that no binary package satisfies. */
export interface MissingPackage {
  readonly atom: string;
  /** The package or the set (`@system`) that needs it; empty if the atom was requested itself. */
  readonly for: string;
}

/** A requested atom whose installed package is not from the store. */
export interface ForeignPackage {
  readonly atom: string;
  /** The installed package; null if there is none. */
  readonly cpv: string | null;
  readonly why: string;
}

/** The answer of `check-root.py missing`. */
export const missingPackagesSchema = v.array(v.object({ atom: v.string(), for: v.string() }));

/** The answer of `check-root.py installed`. */
export const foreignPackagesSchema = v.array(
  v.object({ atom: v.string(), cpv: v.nullable(v.string()), why: v.string() }),
);

/**
 * Finds atoms without a package of the partition's CHOST, before an assembly and in its container. Each requested atom needs a
 * package. A run-time dependency of a requested atom or of @system may be installed in the stage instead. Writes nothing.
 *
 * @param wanted atoms and sets, as Portage in the container understands them
 */
export function findMissing(store: StoreMount, wanted: readonly string[]): Promise<readonly MissingPackage[]> {
  return askPortage(store, program(), ['missing', pkgdirOf(store), ...wanted], missingPackagesSchema);
}

/** Finds requested atoms that are not installed from a package of the partition, after an assembly. Writes nothing. */
export function checkInstalled(store: StoreMount, wanted: readonly string[]): Promise<readonly ForeignPackage[]> {
  return askPortage(store, program(), ['installed', pkgdirOf(store), ...wanted], foreignPackagesSchema);
}

/**
 * Makes the binary packages that the partition still lacks after a compilation, with quickpkg in the container of the
 * compilation. They are packages of the requested atoms, and of run-time dependencies of the requested atoms and of @system. A
 * dependency that the stage has in the same build is left out. Protected configuration files are packaged as they are. Returns
 * the packages, sorted. Throws `package-missing` if quickpkg fails.
 *
 * @param wanted atoms and sets; if there are none, every installed package that the stage does not have
 * @param stage the packages of the stage, which need no binary package unless they are requested
 */
export async function packageClosure(
  store: StoreMount,
  wanted: readonly string[],
  stage: readonly StagePackage[],
): Promise<readonly string[]> {
  const inStage = stage.map(({ cpv, buildTime }) => `${cpv}=${buildTime}`);
  const args = ['closure', pkgdirOf(store), ...wanted, '--', ...inStage];
  const findUnpackaged = () => askPortage(store, program(), args, v.array(v.string()));
  const unpackaged = await findUnpackaged();
  const environment = { ...store.environment, PKGDIR: pkgdirOf(store), FEATURES: quickpkgFeatures };
  let said: readonly string[] = [];
  for (const cpv of unpackaged) {
    const command = ['quickpkg', '--include-config=y', `=${cpv}`];
    const { stdout, stderr } = await store.run({ command, environment });
    said = [...said, ...`${stdout}\n${stderr}`.split('\n').filter(Boolean)];
  }
  const left = unpackaged.length === 0 ? [] : await findUnpackaged();
  if (left.length === 0) return unpackaged;
  throw new Failure('package-missing', `failed to package ${left.join(', ')}: quickpkg made no package`, {
    hint: 'read the output of quickpkg above: the store may be full, or mounted read-only',
    logTail: said.slice(-20),
  });
}

// Portage reads a package again after it was made, and nobody signs these.
const quickpkgFeatures = 'binpkg-multi-instance -binpkg-request-signature';

/** The failure of an assembly that lacks packages; undefined if none is missing. */
export function missingFailure(missing: readonly MissingPackage[]): Failure | undefined {
  if (missing.length === 0) return undefined;
  const names = missing.map(({ atom, for: needer }) => (needer === '' ? atom : `${atom} (for ${needer})`));
  return new Failure(
    'package-missing',
    `failed to assemble the root: the store has no package for ${names.join(', ')}`,
    {
      hint: 'build the packages with the same cpu and portage branch: an assembly does not compile',
    },
  );
}

/** The failure of an assembly that installed packages from elsewhere; undefined if there are none. */
export function foreignFailure(foreign: readonly ForeignPackage[]): Failure | undefined {
  if (foreign.length === 0) return undefined;
  const names = foreign.map(({ atom, cpv, why }) => `${cpv ?? atom}: ${why}`);
  return new Failure('package-missing', `failed to assemble the root from the store: ${names.join('; ')}`, {
    hint: 'Portage skips a binary package without a message if it is masked, or if its USE flags differ: check both',
  });
}
