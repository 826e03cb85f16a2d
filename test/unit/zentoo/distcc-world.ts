import { createHash } from 'node:crypto';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import { createBuildLog } from '../../../src/container/build-log.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { createSession } from '../../../src/container/open-session.ts';
import { workerImageName } from '../../../src/zentoo/distcc/distcc-names.ts';
import { startWorker } from '../../../src/zentoo/distcc/start-worker.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';
import { SiteWorld } from './site-world.ts';

/** The output of the program that identifies the usual compiler. */
export const gcc = 'x86_64-pc-linux-gnu-gcc 12.2.0\n0123  -\n';

/** The network of the site's workers. */
export const network = 'zentoo-net-distcc';

/** A site whose buildmaster has an image of workers; every compiler is `compilers`' by the container's name, or gcc. */
export class DistccWorld extends SiteWorld {
  readonly site = this.run();
  readonly work = this.workOf();
  readonly tuple = this.work.tuple;
  readonly buildmaster = this.work.buildmaster.name;
  readonly image = workerImageName(this.site.site, this.buildmaster);
  readonly compilers = new Map<string, string>();
  serves = true;

  constructor() {
    super();
    const { digest } = this.work.buildmaster.fingerprint;
    this.engine.addImage(this.buildmaster, {
      layers: [...this.stage.layers, 'sha256:buildmaster'],
      labels: {
        'zentoo.fingerprint': digest,
        'zentoo.partition': 'x86_64-pc-linux-gnu/x86-64/profile-v2-0123456789ab',
      },
    });
    this.engine.onExec = ({ name }, { command }) => {
      if (command[3] === 'zentoo-compiler') return { stdout: this.compilers.get(name) ?? gcc };
      return { exitCode: command[3] === 'zentoo-tool' || this.serves ? 0 : 1 };
    };
  }

  /** Starts a worker with the compiler that its image is labelled with. */
  async worker(name: string, slots = 1, buildmaster = this.buildmaster): Promise<ContainerId> {
    await this.engine.createNetwork(network, { 'zentoo.distcc': 'net' });
    const image = workerImageName(this.site.site, buildmaster);
    const known = await this.engine.inspectImage(image);
    if (known === undefined) this.addWorkerImage(image, buildmaster);
    const { subnets = [] } = (await this.engine.inspectNetwork(network)) ?? {};
    return startWorker(this.site, { name, buildmaster, image, slots, allowed: subnets });
  }

  addWorkerImage(image = this.image, buildmaster = this.buildmaster): void {
    this.engine.addImage(image, {
      layers: [...this.stage.layers, 'sha256:buildmaster', 'sha256:distcc'],
      labels: {
        'zentoo.distcc.buildmaster': buildmaster,
        'zentoo.distcc.compiler': 'x86_64-pc-linux-gnu-gcc 12.2.0',
        'zentoo.distcc.compiler-digest': createHash('sha256').update(gcc).digest('hex'),
        'zentoo.distcc.chost': 'x86_64-pc-linux-gnu',
        'zentoo.distcc.image': image,
      },
    });
  }

  /** A running container of the buildmaster. */
  async builder(name = 'builder'): Promise<ContainerSession> {
    const id = await this.engine.createContainer(name, {
      image: this.buildmaster,
      command: ['x'],
      mounts: [],
      openStdin: true,
    });
    await this.engine.startContainer(id);
    const workspace = { run: '00', volume: 'none' };
    const log = createBuildLog(chooseMount('logs', undefined, undefined), name);
    const hold = await this.engine.holdStdin(id);
    return createSession(this.context, { id, workspace, base: this.buildmaster, trees: ['/'], log, hold });
  }

  warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  }
}
