import { createHash } from 'node:crypto';
import type { Container, Mount, VolumeUser } from '../engine/containers.ts';
import type { ContainerId } from '../engine/identifiers.ts';
import type { Network } from '../engine/networks.ts';
import type { Volume } from '../engine/volumes.ts';

/** The prefix of the names of containers that `--keep-failed` kept. */
export const keptPrefix = 'gentoo-failed-';

/** The name of a run's work volume. While the volume exists, the run is not over. */
export function workVolumeName(run: string): string {
  return `gentoo-builder-${run}`;
}

/** The name of the container that takes the new packages of a run into the store. */
export function writerName(volume: string): string {
  return `${volume}-store`;
}

/** The name of a container that `--keep-failed` keeps. */
export function keptName(id: ContainerId): string {
  return `${keptPrefix}${id.slice(0, 12)}`;
}

/**
 * Proves that a volume with the label of a work volume is one: its name has the form that this program gives, and it is an
 * ordinary directory of the engine. Returns the reason why it is not a work volume; undefined if it is one.
 */
export function disproveWorkVolume({ name, isPlain }: Volume): string | undefined {
  if (!workVolume.test(name)) return 'its name is not that of a work volume';
  return isPlain ? undefined : notPlain;
}

/**
 * Proves that a container which mounts a work volume belongs to the volume's run: it mounts the volume at one of `workTargets`, and
 * has one of the names that this program gives. Returns the reason why it does not belong to the run; undefined if it does.
 */
export function disproveWorkContainer(
  { id, name, targets }: VolumeUser,
  volume: string,
  workTargets: readonly string[],
): string | undefined {
  const isWork = targets.every((target) => workTargets.includes(target));
  if (!isWork) return `the container ${name} mounts it elsewhere than a build does`;
  const ofRun = [volume, writerName(volume), keptName(id)];
  const isNamed = ofRun.includes(name) || name.startsWith(`${volume}-probe-`) || isImageName(name, id);
  return isNamed ? undefined : `the container ${name}, which mounts it, does not have the name of a build container`;
}

/**
 * Proves that a volume is a tree that gentoo-builder or zentoo made: it has the `label` with the value `tree`, one of the names
 * that the programs give, and it is an ordinary directory of the engine. Only such a tree is ever emptied. Returns the reason why
 * it is not one; undefined if it is one.
 */
export function disproveTreeVolume({ name, labels, isPlain }: Volume, label: string): string | undefined {
  if (labels[label] !== 'tree') return 'it does not have the label of a tree';
  if (!treeVolume.test(name)) return 'its name is not that of a tree';
  return isPlain ? undefined : notPlain;
}

/** The name of a worker of a site; the workers of a buildmaster are numbered from 1. */
export function workerName(site: string, buildmaster: string, number: number): string {
  return `zentoo-${site}-distcc-${buildmaster.slice(-8)}-${number}`;
}

/**
 * Proves that a container with the label of a worker is a worker of a site: it has the name that zentoo gives, and it mounts
 * neither a directory of the host nor a named volume. Returns the reason why it is no worker; undefined if it is one.
 */
export function disproveWorker({ name, mounts }: Pick<Container, 'name' | 'mounts'>, site: string): string | undefined {
  const prefix = `zentoo-${site}-distcc-`;
  if (!name.startsWith(prefix) || !workerNumber.test(name.slice(prefix.length)))
    return 'its name is not that of a worker';
  const mount = mounts.find(({ type, source }) => type !== 'volume' || !anonymous.test(source));
  return mount === undefined ? undefined : `it mounts ${mount.source}, and workers mount nothing`;
}

/** The name of the container that is the lease of a site with this state volume. */
export function leaseName(stateVolume: string): string {
  return `${stateVolume}-lease`;
}

/**
 * Proves that a container with the name of a lease is one: it mounts the site's state volume at `target` and nothing of others,
 * and it was never started. Returns the reason why it is no lease; undefined if it is one.
 */
export function disproveLease(
  { state, mounts }: Pick<Container, 'state' | 'mounts'>,
  stateVolume: string,
  target: string,
): string | undefined {
  if (state !== 'created') return 'it was started';
  const isState = (mount: Mount) => mount.type === 'volume' && mount.source === stateVolume && mount.target === target;
  if (!mounts.some(isState)) return `it does not mount the volume ${stateVolume}`;
  const other = mounts.find((mount) => !isState(mount) && (mount.type !== 'volume' || !anonymous.test(mount.source)));
  return other === undefined ? undefined : `it mounts ${other.source}`;
}

/**
 * Proves that an image with the label of a worker's image is one. An image that was built from a worker's image inherits the
 * label; the value of the label is then not the image's own name.
 */
export function isWorkerImage(name: string, labelled: string | undefined, site: string): boolean {
  return name === labelled && name.startsWith(`zentoo/${site}/distcc:`);
}

/**
 * Proves that a network is the isolated network that zentoo makes for the workers of a site. Returns the reason why it is not;
 * undefined if it is.
 */
export function disproveWorkerNetwork(
  { labels, isIsolated }: Network,
  label: string,
  site: string,
): string | undefined {
  if (labels[label] !== site) return `zentoo did not make it for the site ${site}`;
  return isIsolated ? undefined : 'it is not an internal bridge, so other networks reach its containers';
}

/**
 * The name of the node proxies of a run on a swarm, and the beginning of the names of their secrets and of the network of the store. A swarm takes names of at most 63
 * characters, and a site without an id may have a longer one.
 */
export function nodeProxyName(volumePrefix: string, run: string): string {
  const digest = createHash('sha256').update(volumePrefix).digest('hex').slice(0, 12);
  return `${volumePrefix.length <= longestPrefix ? volumePrefix : `zentoo-${digest}`}-proxy-${run}`;
}

/** With it, the name of the network has 63 characters. */
const longestPrefix = 42;

/** The parts of a service, a secret or a network of a swarm that prove whose it is. */
export interface SwarmObjectProof {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The properties of a service. */
  readonly service?: {
    readonly isGlobal: boolean;
    readonly args: readonly string[];
    readonly mounts: readonly string[];
  };
  /** The driver of a network. */
  readonly driver?: string;
}

/**
 * Proves that an object of a swarm that has the `label` of a site's node proxies is one of them: it has a name that zentoo gives, a service
 * runs a node proxy with the socket of the engine, and a network is an overlay. Returns the reason why it is not; undefined if it is.
 */
export function disproveSwarmObject(
  { name, labels, service, driver }: SwarmObjectProof,
  label: string,
  volumePrefix: string,
): string | undefined {
  if (labels[label] !== volumePrefix) return `it does not have the label ${label} of this site`;
  const start = nodeProxyName(volumePrefix, '');
  if (!name.startsWith(start) || !/^[0-9a-f]{8}(?:-(?:ca|cert|key|store))?$/.test(name.slice(start.length)))
    return 'its name is not that of a node proxy';
  if (driver !== undefined && driver !== 'overlay') return 'it is not an overlay network';
  if (service === undefined) return undefined;
  const { isGlobal, args, mounts } = service;
  const isProxy = isGlobal && args.includes('node-proxy') && mounts.length === 1 && mounts[0] === engineSocket;
  return isProxy ? undefined : 'it does not run a node proxy';
}

/** The socket of an engine on its own host, which a node proxy mounts. */
export const engineSocket = '/var/run/docker.sock';

const notPlain = 'it is not an ordinary volume of the driver local';

const treeVolume = /^(?:gentoo-repository|zentoo-.+-repository-.+)$/;
const workerNumber = /^.{8}-[1-9]\d*$/;
/** The name of an anonymous volume, which a container has if its image declares a volume. */
const anonymous = /^[0-9a-f]{64}$/;

const workVolume = /^gentoo-builder-[0-9a-f]{16}$/;

/** Whether a container's name is the name of its future image: `gentoo-` and the first digits of the container's id. */
function isImageName(name: string, id: ContainerId): boolean {
  const digits = /^gentoo-([0-9a-f]{4,64})$/.exec(name)?.[1];
  return digits !== undefined && id.startsWith(digits);
}
