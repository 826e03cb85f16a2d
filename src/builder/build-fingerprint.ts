import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { emergeEnvironment } from '../portage/emerge-command.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import { describeMount } from '../container/mounts.ts';

/** A version number: it is increased whenever the program makes a different image from the same inputs. */
const pipeline = 1;

/**
 * Whether the image depends on a field of the request. `undefined`: it depends on the content behind the field (the base, the
 * tree and make.conf), not on its name; {@link fingerprintBuild} adds that.
 */
const isInput: Readonly<Record<keyof BuildRequest, boolean | undefined>> = {
  packages: true,
  // The digest covers USE flags and emerge's options in the order in which the user wrote them: for USE flags the order
  // matters, and for emerge's options it may matter.
  use: true,
  emergeOptions: true,
  // With --no-binpkgs, the build compiles every package again.
  binpkgs: true,
  base: undefined,
  tree: undefined,
  makeConf: undefined,
  // The image depends on the tree's stamp, not on how the tree was synced.
  sync: false,
  syncMaxAge: false,
  createTree: false,
  // Speed, limits and the use of the finished image do not change its content.
  jobs: false,
  tmpfs: false,
  timeout: false,
  silenceTimeout: false,
  minFree: false,
  tags: false,
  keepFailed: false,
  logDir: false,
  dryRun: false,
  rebuild: false,
  // A request with invalid packages is never built.
  invalidPackages: false,
};

const inputNames = new Set(Object.entries(isInput).flatMap(([name, covered]) => (covered === true ? [name] : [])));

/**
 * Identifies all inputs of an image by 64 hexadecimal digits: equal fingerprints mean equal inputs. `treeStamp` is the stamp of
 * the tree. Returns undefined if an input is unknown: if the tree has no stamp, or if the sync also updates other repositories.
 */
export async function fingerprintBuild(
  request: BuildRequest,
  { base, system, tree, binpkgs }: Preconditions,
  treeStamp: string | undefined,
): Promise<string | undefined> {
  const movesOthers = request.sync && system?.otherSyncs !== false;
  if (base.image === undefined || treeStamp === undefined || treeStamp === '' || movesOthers) return undefined;
  const asked = Object.entries(request).filter(([name]) => inputNames.has(name));
  const makeConf = request.makeConf === undefined ? undefined : await readFile(request.makeConf);
  const inputs = {
    pipeline,
    ...Object.fromEntries(asked.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    base: base.image.id,
    treeStamp,
    // Two trees with the same stamp may still differ, for example by local changes.
    tree: describeMount(tree),
    store: binpkgs && describeMount(binpkgs),
    makeConf: makeConf && digestOf(makeConf),
    features: emergeEnvironment({})['FEATURES'],
  };
  return digestOf(JSON.stringify(inputs));
}

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
