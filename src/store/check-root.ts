import { runCommand } from '../engine/run-command.ts';
import { Failure } from '../failure.ts';
import { isRecord, listOf } from './json-answer.ts';
import { askPortage, pkgdirOf, type StoreMount } from './portage-program.ts';

/** A package that is installed. */
export interface InstalledPackage {
  /** `category/name-version`. */
  readonly cpv: string;
  /** Of the binary package that it was installed from; empty where it was from none. */
  readonly buildId: string;
  /** When it was compiled, in seconds since 1970; a package keeps it. */
  readonly buildTime: string;
}

/** What no package fits. */
export interface MissingPackage {
  readonly atom: string;
  /** The package or the set (`@system`) that needs it; empty for what was asked for. */
  readonly for: string;
}

/** What was asked for and is not installed from the store. */
export interface ForeignPackage {
  readonly atom: string;
  /** What is installed; undefined if nothing is. */
  readonly cpv: string | undefined;
  readonly why: string;
}

/** Everything that is installed in a container. */
export function listInstalled(store: StoreMount): Promise<readonly InstalledPackage[]> {
  return askPortage(store, 'check-root', ['list', pkgdirOf(store)], parseInstalled);
}

/**
 * Before an assembly, in its container: what has no package of the partition's CHOST, among what is asked for (which has to
 * have one) and what that and @system need at run time (which may be in the stage). Writes nothing.
 *
 * @param wanted atoms and sets, as Portage in the container understands them
 */
export function findMissing(store: StoreMount, wanted: readonly string[]): Promise<readonly MissingPackage[]> {
  return askPortage(store, 'check-root', ['missing', pkgdirOf(store), ...wanted], parseMissing);
}

/** After an assembly: what is asked for and is not installed from a package of the partition. Writes nothing. */
export function checkInstalled(store: StoreMount, wanted: readonly string[]): Promise<readonly ForeignPackage[]> {
  return askPortage(store, 'check-root', ['installed', pkgdirOf(store), ...wanted], parseForeign);
}

/**
 * After a compilation, in its container: packages what was asked for, and what that and @system need at run time and is
 * newer than in the stage or absent from it, as far as the partition does not have it. Protected configuration files are
 * packaged as they are. Answers with what it has packaged, sorted. Throws `package-missing` where one cannot be.
 *
 * @param wanted atoms and sets; where there are none, all that is installed and not as in the stage is meant
 * @param stage what {@link listInstalled} said of the stage
 */
export async function packageClosure(
  store: StoreMount,
  wanted: readonly string[],
  stage: readonly InstalledPackage[],
): Promise<readonly string[]> {
  const inStage = stage.map(({ cpv, buildTime }) => `${cpv}=${buildTime}`);
  const args = ['closure', pkgdirOf(store), ...wanted, '--', ...inStage];
  const findUnpackaged = () => askPortage(store, 'check-root', args, parseClosure);
  const unpackaged = await findUnpackaged();
  const environment = { ...store.environment, PKGDIR: pkgdirOf(store), FEATURES: 'binpkg-multi-instance' };
  let said: readonly string[] = [];
  for (const cpv of unpackaged) {
    const command = ['quickpkg', '--include-config=y', `=${cpv}`];
    const { stdout, stderr } = await runCommand(store.engine, store.container, { command, environment });
    said = [...said, ...`${stdout}\n${stderr}`.split('\n').filter(Boolean)];
  }
  const left = unpackaged.length === 0 ? [] : await findUnpackaged();
  if (left.length === 0) return unpackaged;
  throw new Failure('package-missing', `failed to package ${left.join(', ')}: quickpkg did not`, {
    hint: 'its own words are shown; is the store full, or mounted read-only?',
    logTail: said.slice(-20),
  });
}

/** The failure of an assembly that has no package for this; undefined if nothing is missing. */
export function missingFailure(missing: readonly MissingPackage[]): Failure | undefined {
  if (missing.length === 0) return undefined;
  const names = missing.map(({ atom, for: needer }) => (needer === '' ? atom : `${atom} (for ${needer})`));
  return new Failure(
    'package-missing',
    `failed to assemble the root: the store has no package for ${names.join(', ')}`,
    {
      hint: 'nothing is compiled in an assembly: build what is missing with the same cpu and branch',
    },
  );
}

/** The failure of an assembly that left this as it is; undefined if all is from the store. */
export function foreignFailure(foreign: readonly ForeignPackage[]): Failure | undefined {
  if (foreign.length === 0) return undefined;
  const names = foreign.map(({ atom, cpv, why }) => `${cpv ?? atom}: ${why}`);
  return new Failure('package-missing', `failed to assemble the root from the store: ${names.join('; ')}`, {
    hint: 'Portage passes over such packages in silence: is one masked, or are its USE flags others than when it was built?',
  });
}

/** What the program prints; undefined if it is something else. */
export function parseInstalled(json: unknown): readonly InstalledPackage[] | undefined {
  return listOf(json, (each) => {
    if (!isRecord(each)) return undefined;
    const { cpv, buildId, buildTime } = each;
    return typeof cpv === 'string' && typeof buildId === 'string' && typeof buildTime === 'string'
      ? { cpv, buildId, buildTime }
      : undefined;
  });
}

/** What the program prints; undefined if it is something else. */
export function parseMissing(json: unknown): readonly MissingPackage[] | undefined {
  return listOf(json, (each) => {
    if (!isRecord(each)) return undefined;
    const { atom, for: needer } = each;
    return typeof atom === 'string' && typeof needer === 'string' ? { atom, for: needer } : undefined;
  });
}

/** What the program prints; undefined if it is something else. */
export function parseForeign(json: unknown): readonly ForeignPackage[] | undefined {
  return listOf(json, (each) => {
    if (!isRecord(each)) return undefined;
    const { atom, cpv, why } = each;
    if (typeof atom !== 'string' || typeof why !== 'string') return undefined;
    return cpv === null || typeof cpv === 'string' ? { atom, cpv: cpv ?? undefined, why } : undefined;
  });
}

/** What the program prints; undefined if it is something else. */
export function parseClosure(json: unknown): readonly string[] | undefined {
  return listOf(json, (cpv) => (typeof cpv === 'string' ? cpv : undefined));
}
