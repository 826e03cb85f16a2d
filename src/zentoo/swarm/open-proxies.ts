import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../../engine/containers.ts';
import type { Engine } from '../../engine/engine.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { Swarm, SwarmNode } from '../../engine/swarm/swarm.ts';
import { Failure } from '../../failure.ts';
import { formatOwner } from '../../ownership/owner.ts';
import { engineSocket, nodeProxyName } from '../../ownership/ownership.ts';
import type { SwarmSettings } from '../../site/site.ts';
import type { SiteRun } from '../run/site-run.ts';
import { makeCertificates, type RunCertificates } from './certificate.ts';
import { describeOtherArchitecture, findBuilders, isOpen, type Builders } from './check-swarm.ts';
import { explainAbsent } from './explain-absent.ts';
import { ProxyDirectory } from './proxy-directory.ts';
import { describeLeft, removeProxyObjects, type ProxyObject, type Removable } from './proxy-objects.ts';
import { proxyImage } from './proxy-image.ts';
import { builderLabel, secretFiles, swarmLabel, swarmOwnerLabel } from './swarm-names.ts';

/** The parts of a run that node proxies need. */
export type SwarmRun = Pick<SiteRun, 'engine' | 'self' | 'report' | 'signal' | 'volumePrefix' | 'findLocal' | 'site'>;

/** The node proxies of a run. Their disposal removes everything that was made on the swarm for them. */
export interface Proxies extends AsyncDisposable {
  /** The id of the node of the site's own engine. */
  readonly own: string;
  /** The architecture of that node. */
  readonly architecture: string;
  /** The name of the image of the node proxies; empty without any. */
  readonly image: string;
  /** The network in which containers of the nodes reach the store; undefined without node proxies. */
  readonly storeNetwork: string | undefined;
  /** The builders besides that node at the beginning. */
  readonly nodes: readonly SwarmNode[];
  readonly directory: ProxyDirectory;
  readonly certificates: RunCertificates;
  /** Sends requests to an engine while it has no work: its proxy would end after ten minutes. */
  keepAwake(engine: Pick<Engine, 'isAnswering'>): void;
}

/** The directories that the image of this program declares as volumes. */
const imageVolumes = ['/var/db/repos/gentoo', '/var/cache/binpkgs', '/var/cache/distfiles'];
/** The milliseconds in which a node proxy must run. */
const startLimitMs = 60_000;
const pauseMs = 300;
/** The milliseconds between two requests to an engine. */
const awakeMs = 60_000;

/**
 * Starts a node proxy on each ready node with the label `zentoo.builder=true` and the architecture of the site's own engine, except the
 * node of that engine. The swarm starts one on each node that becomes ready or gets the label later. Throws the failures of `findBuilders`; `builder-absent` if a node lacks the image; `swarm-refused` if the
 * swarm refuses an object or a proxy does not start.
 */
export async function openProxies(run: SwarmRun, swarm: Swarm, settings: SwarmSettings): Promise<Proxies> {
  const builders = await findBuilders(swarm);
  const { self } = run;
  if (self === undefined) throw outsideContainer();
  const nodes = await chooseNodes(run, builders);
  const name = nodeProxyName(run.volumePrefix, randomBytes(4).toString('hex'));
  const [directory, certificates] = [new ProxyDirectory(swarm, name), makeCertificates(new Date())];
  const made: Removable[] = [];
  const awake: Pick<Engine, 'isAnswering'>[] = [];
  const timer = setInterval(() => awake.forEach((engine) => void engine.isAnswering(run.signal)), awakeMs);
  timer.unref();
  const dispose = async () => {
    clearInterval(timer);
    directory[Symbol.dispose]();
    await removeMade({ ...run, self }, swarm, made).catch((error: unknown) => reportLeft(run, name, error));
  };
  let image = '';
  try {
    // A node that is away now may come later.
    if (builders.nodes.some(({ id }) => id !== builders.own)) {
      image = await proxyImage(run.engine, self, settings.registry);
      await makeObjects({ ...run, self }, swarm, { ...{ name, image, certificates, made }, ...builders, ...settings });
      await awaitProxies(directory, nodes, { image, signal: run.signal });
      directory.watch();
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  const keepAwake = (engine: Pick<Engine, 'isAnswering'>) => void awake.push(engine);
  const { own, architecture } = builders;
  const storeNetwork = image === '' ? undefined : storeNetworkOf(name);
  return {
    ...{ own, architecture, image, storeNetwork, nodes, directory, certificates, keepAwake },
    [Symbol.asyncDispose]: dispose,
  };
}

function storeNetworkOf(name: string): string {
  return `${name}-store`;
}

/** The builders that take work, besides the own node. */
async function chooseNodes(
  { report }: SwarmRun,
  { own, architecture, nodes }: Builders,
): Promise<readonly SwarmNode[]> {
  const open = nodes.filter((node) => node.id !== own && isOpen(node));
  const others = open.filter((node) => node.architecture !== architecture);
  for (const node of others) await report({ type: 'warning', message: describeOtherArchitecture(node, architecture) });
  return open.filter((node) => !others.includes(node));
}

/** Removes objects, even if the container of this program did not join the network. Throws if something is left. */
async function removeMade(
  { self }: { readonly self: Container },
  swarm: Swarm,
  made: readonly Removable[],
): Promise<void> {
  const network = made.find(({ kind }) => kind === 'network');
  if (network !== undefined)
    await swarm.disconnect(network.id, self.id).catch((error: unknown) => {
      if (!(error instanceof EngineRefusal)) throw error;
    });
  const left = await removeProxyObjects(swarm, made);
  if (left.length > 0) throw new Error(describeLeft(left));
}

function reportLeft({ report }: SwarmRun, name: string, error: unknown): void | Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  const message = `failed to remove the node proxies ${name}: ${why}`;
  return report({ type: 'warning', message, hint: 'the next build removes them, or zentoo swarm down' });
}

interface Making extends SwarmSettings, Builders {
  readonly name: string;
  readonly image: string;
  readonly certificates: RunCertificates;
  /** The objects that were made, in the order in which they were. */
  readonly made: Removable[];
}

async function makeObjects(
  { engine, self, volumePrefix }: SwarmRun & { readonly self: Container },
  swarm: Swarm,
  { name, own, architecture, image, certificates, made, encrypted }: Making,
): Promise<void> {
  const owner = formatOwner({ kind: 'container-elsewhere', engine: own, id: self.id, startedAt: self.startedAt });
  const labels = { [swarmLabel]: volumePrefix, [swarmOwnerLabel]: owner };
  const note =
    (kind: ProxyObject['kind'], object = name) =>
    (id: string) => {
      made.push({ kind, id, name: object });
      return id;
    };
  try {
    const network = await swarm.createOverlay(name, labels, { encrypted }).then(note('network'));
    const store = storeNetworkOf(name);
    await swarm.createOverlay(store, labels, { encrypted }).then(note('network', store));
    await engine.connectNetwork(name, self.id);
    const contents = { ca: certificates.ca, ...certificates.server };
    const secrets = [];
    for (const file of secretFiles) {
      const secret = `${name}-${file}`;
      const id = await swarm.createSecret(secret, contents[file], labels).then(note('secret', secret));
      secrets.push({ id, name: secret, file });
    }
    const constraints = [
      ...[`node.labels.${builderLabel} == true`, `node.id != ${own}`, `node.platform.arch == ${architecture}`],
    ];
    const place = {
      binds: [engineSocket],
      tmpfs: imageVolumes,
      network,
      constraints,
      command: ['zentoo'],
      args: ['node-proxy'],
    };
    await swarm.createGlobalService({ name, labels, image, secrets, ...place }).then(note('service'));
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Failure('swarm-refused', `failed to start node proxies on the swarm: ${error.message}`, {
      hint: 'look at docker info and the log of the engine; overlay networks need vxlan in the kernel of each node',
      cause: error,
    });
  }
}

/** Waits until a proxy runs on each node that is still ready. */
async function awaitProxies(
  directory: ProxyDirectory,
  nodes: readonly SwarmNode[],
  { image, signal }: { readonly image: string; readonly signal: AbortSignal },
): Promise<void> {
  for (const until = performance.now() + startLimitMs; ;) {
    await directory.refresh();
    const missing = nodes.filter(({ id }) => directory.isOpen(id) && directory.addressOf(id) === undefined);
    if (missing.length === 0) return;
    const waiting = missing.filter(({ id }) => !directory.isRejectedOn(id));
    if (waiting.length === 0 || performance.now() > until) throw explainAbsent(directory, missing, image);
    await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function outsideContainer(): Failure {
  const message =
    'failed to use the swarm: zentoo runs in no container of the engine, and only a container reaches its nodes';
  return new Failure('swarm-absent', message, {
    hint: 'start ./zentoo, or run zentoo in the image gentoo-builder: see docs/swarm.md',
  });
}
