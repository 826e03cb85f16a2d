import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import type {
  GlobalService,
  Reservation,
  Swarm,
  SwarmMode,
  SwarmNode,
  SwarmObject,
  SwarmService,
  SwarmTask,
} from '../../../../src/engine/swarm/swarm.ts';

/** A swarm in memory. Its services get a running task on each node of `proxied`. */
export class FakeSwarm implements Swarm {
  state: SwarmMode = { state: 'active', error: '', node: 'own', isManager: true };
  members: readonly SwarmNode[] = [node('own', {}), node('two'), node('three')];
  /** The tasks that each service gets. */
  started: readonly SwarmTask[] = [task('two'), task('three')];
  reserved: readonly Reservation[] = [];
  /** Called when a network was created. */
  onNetwork: (name: string) => Promise<void> = () => Promise.resolve();
  /** Refuses a request whose words match. */
  refusing: RegExp | undefined;
  readonly created: GlobalService[] = [];
  readonly objects: (SwarmObject & { readonly kind: 'service' | 'secret' | 'network'; readonly driver?: string })[] =
    [];
  /** The networks from which a container was disconnected. */
  readonly disconnected: string[] = [];
  readonly requests: string[] = [];
  #ids = 0;

  mode(): Promise<SwarmMode> {
    return this.#do('mode', () => this.state);
  }

  nodes(): Promise<readonly SwarmNode[]> {
    return this.#do('nodes', () => this.members);
  }

  changeLabels(id: string, change: (labels: SwarmNode['labels']) => SwarmNode['labels']): Promise<void> {
    return this.#do(`change ${id}`, () => {
      this.members = this.members.map((one) => (one.id === id ? { ...one, labels: change(one.labels) } : one));
    });
  }

  services(label: string): Promise<readonly SwarmService[]> {
    const proxy = { isGlobal: true, args: ['node-proxy'], mounts: ['/var/run/docker.sock'] };
    return this.#do('services', () => this.#labelled('service', label).map((one) => ({ ...proxy, ...one })));
  }

  tasks(service: string): Promise<readonly SwarmTask[]> {
    return this.#do('tasks', () => (this.#named('service', service) ? this.started : []));
  }

  reservations(): Promise<readonly Reservation[]> {
    return this.#do('reservations', () => this.reserved);
  }

  createGlobalService(service: GlobalService): Promise<string> {
    this.created.push(service);
    return this.#create('service', service.name, service.labels);
  }

  removeService(id: string): Promise<void> {
    return this.#remove('service', id);
  }

  secrets(label: string): Promise<readonly SwarmObject[]> {
    return this.#do('secrets', () => this.#labelled('secret', label));
  }

  createSecret(name: string, _: string, labels: Readonly<Record<string, string>>): Promise<string> {
    return this.#create('secret', name, labels);
  }

  removeSecret(id: string): Promise<void> {
    return this.#remove('secret', id);
  }

  networks(label: string): Promise<readonly (SwarmObject & { readonly driver: string })[]> {
    return this.#do('networks', () =>
      this.#labelled('network', label).map((one) => ({ ...one, driver: one.driver ?? 'overlay' })),
    );
  }

  async createOverlay(name: string, labels: Readonly<Record<string, string>>): Promise<string> {
    const id = await this.#create('network', name, labels);
    await this.onNetwork(name);
    return id;
  }

  disconnect(network: string): Promise<void> {
    return this.#do('disconnect', () => void this.disconnected.push(network));
  }

  removeOverlay(id: string): Promise<void> {
    return this.#remove('network', id);
  }

  #labelled(kind: string, label: string) {
    return this.objects.filter(
      (one) => one.kind === kind && Object.entries(one.labels).some((of) => of.join('=') === label),
    );
  }

  #named(kind: string, name: string) {
    return this.objects.some((one) => one.kind === kind && (one.name === name || one.id === name));
  }

  #create(
    kind: 'service' | 'secret' | 'network',
    name: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<string> {
    return this.#do(`create ${kind}`, () => {
      const id = `id${++this.#ids}`;
      this.objects.push({ kind, id, name, labels });
      return id;
    });
  }

  #remove(kind: string, id: string): Promise<void> {
    return this.#do(`remove ${kind}`, () => {
      const index = this.objects.findIndex((one) => one.kind === kind && one.id === id);
      if (index !== -1) this.objects.splice(index, 1);
    });
  }

  #do<T>(request: string, work: () => T): Promise<T> {
    this.requests.push(request);
    if (this.refusing?.test(request) === true) return Promise.reject(new EngineRefusal(400, `no ${request} here`));
    return Promise.resolve(work());
  }
}

/** A node that is ready and has the label of builders, if nothing else is given. */
export function node(id: string, labels = { 'zentoo.builder': 'true' } as Readonly<Record<string, string>>): SwarmNode {
  return { id, hostname: `host-${id}`, labels, isReady: true, availability: 'active', architecture: 'x86_64' };
}

/** A task that runs on a node, if nothing else is given. */
export function task(on: string, changes: Partial<SwarmTask> = {}): SwarmTask {
  return {
    ...{ node: on, state: 'running', desired: 'running', error: '', addresses: [`10.0.0.${on.length}`] },
    created: new Date(0),
    ...changes,
  };
}
