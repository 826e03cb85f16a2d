import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { emergeEnvironment } from '../portage/emerge-command.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import { describeMount } from './mounts.ts';

/** Counted up whenever something else is made from the same inputs. */
const pipeline = 1;

/**
 * What of a request the image depends on. The base, the tree and make.conf count by what they are and not by what they
 * are called: `undefined` here, see {@link fingerprintBuild}.
 */
const counts: Readonly<Record<keyof BuildRequest, boolean | undefined>> = {
  packages: true,
  // As they are: of USE the order counts as well, and of options that is for emerge to know.
  use: true,
  emergeOptions: true,
  // Who wants nothing to come from binary packages wants it to be compiled.
  binpkgs: true,
  base: undefined,
  tree: undefined,
  makeConf: undefined,
  // How the tree came to be what it is.
  sync: false,
  syncMaxAge: false,
  createTree: false,
  // How fast, how long, and what is done with it.
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
  // There is no build with one of these.
  invalidPackages: false,
};

/**
 * Names everything that the image of a build depends on, 64 hexadecimal digits. `treeStamp` is that of the tree that it is
 * built from. Undefined where that cannot be told: for a tree without a stamp, and for a base whose sync moves other
 * repositories as well.
 */
export async function fingerprintBuild(
  request: BuildRequest,
  { base, system, tree, binpkgs }: Preconditions,
  treeStamp: string | undefined,
): Promise<string | undefined> {
  const movesOthers = request.sync && system?.otherSyncs !== false;
  if (base.image === undefined || treeStamp === undefined || treeStamp === '' || movesOthers) return undefined;
  const asked = Object.entries(request).filter(([name]) => counts[name as keyof BuildRequest] === true);
  const makeConf = request.makeConf === undefined ? undefined : await readFile(request.makeConf);
  const inputs = {
    pipeline,
    ...Object.fromEntries(asked.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    base: base.image.id,
    treeStamp,
    // Two volumes may differ in more than their stamps tell.
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
