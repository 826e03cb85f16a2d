import { findBases } from '../../../setup/images/base-images.js';
import type { Compose } from '../../../setup/packages/compose.js';
import { findEngine } from '../../../setup/engine/engine.js';
import { gone } from '../builder.ts';
import { PseudoTerminal } from '../pseudo-terminal.ts';
import { projectDirectory } from '../documents.ts';
import { rawDocker, stage } from './real-engine.ts';
import { uniqueName } from '../unique-name.ts';
import { runProgram, type CommandOutcome } from '../run-program.ts';

/** The objects of a project: its containers, networks and volumes, and the images that it built. */
export interface ProjectThings {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly images: readonly string[];
}

/**
 * compose.yaml under its own project name, with its own volumes and images, from this machine's stages. A test changes no
 * object of other projects. All objects are removed at the end.
 */
export class ComposeProject implements AsyncDisposable {
  readonly name = uniqueName('compose');
  readonly images = { builder: `${this.name}-builder`, base: `${this.name}-base`, proxy: `${this.name}-proxy` };
  private readonly made = new Set<string>();
  private readonly compose: Compose;
  private readonly environment: NodeJS.ProcessEnv;

  /** A project of a compose; nothing is built or started yet. */
  static async open(compose: Compose): Promise<ComposeProject> {
    const engine = await findEngine();
    const bases = findBases(engine);
    return new ComposeProject(compose, {
      ...(engine.socket === undefined ? {} : { DOCKER_SOCKET: engine.socket }),
      GENTOO_STAGE: stage,
      BUILDER_BUILD_IMAGE: await bases.get('node-build'),
      BUILDER_RUNTIME_IMAGE: await bases.get('node-runtime'),
      HAPROXY_IMAGE: await bases.get('haproxy'),
      // Far longer than between two keep-alive bytes, or until the engine answers, on a busy machine, too.
      PROXY_IDLE_LIMIT: '10s',
    });
  }

  private constructor(compose: Compose, environment: NodeJS.ProcessEnv) {
    this.compose = compose;
    this.environment = {
      ...compose.env,
      ...environment,
      COMPOSE_PROJECT_NAME: this.name,
      VOLUME_PREFIX: this.name,
      BUILDER_IMAGE: this.images.builder,
      BASE_IMAGE: this.images.base,
      PROXY_IMAGE: this.images.proxy,
      GENTOO_BASE: this.images.base,
      // A developer's file .env sets the variables that are not set here.
      GENTOO_PACKAGES: '',
      COMPOSE_PROFILES: '',
      SITE: '.',
    };
  }

  /** Runs a shell command line. In it, `docker compose` calls the compose of the project, even if its name differs. */
  async run(commandLine: string, environment: NodeJS.ProcessEnv = {}): Promise<CommandOutcome> {
    const outcome = await runProgram('sh', ['-c', commandLine.replaceAll('docker compose', this.compose.command)], {
      cwd: projectDirectory,
      env: { ...this.environment, ...environment },
    });
    const image = outcome.stdout.trimEnd().split('\n').at(-1) ?? '';
    if (/^gentoo-[0-9a-f]{4,64}$/.test(image)) this.made.add(image);
    return outcome;
  }

  /** Runs a shell command line at a terminal. */
  openTerminal(commandLine: string, environment: NodeJS.ProcessEnv = {}): Promise<PseudoTerminal> {
    const command = `cd "$PROJECT" && ${commandLine.replaceAll('docker compose', this.compose.command)}`;
    return PseudoTerminal.open(command, { ...this.environment, ...environment, PROJECT: projectDirectory });
  }

  /** Removes further images at the end, after the images of the project. */
  removeLater(...images: readonly string[]): void {
    for (const image of images) this.made.add(image);
  }

  /** The id of a service's image. */
  async imageOf(service: keyof ComposeProject['images']): Promise<string> {
    return (await rawDocker().getImage(this.images[service]).inspect()).Id;
  }

  /** The objects of the project now. */
  async things(): Promise<ProjectThings> {
    const docker = rawDocker();
    const filters = { label: [`com.docker.compose.project=${this.name}`] };
    const [containers, networks, { Volumes }, images] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
      docker.listVolumes({ filters }),
      docker.listImages({ filters: { reference: [`${this.name}-*`] } }),
    ]);
    return {
      containers: containers.flatMap(({ Labels }) => Labels['com.docker.compose.service'] ?? []).toSorted(),
      networks: networks.map(({ Name }) => Name.slice(this.name.length + 1)),
      volumes: Volumes.map(({ Name }) => Name.slice(this.name.length + 1)).toSorted(),
      images: images.map(({ Id }) => Id).toSorted(),
    };
  }

  /** The containers of one of its services. */
  async containersOf(service: string) {
    const label = [`com.docker.compose.project=${this.name}`, `com.docker.compose.service=${service}`];
    const docker = rawDocker();
    const found = await docker.listContainers({ all: true, filters: { label } });
    return await Promise.all(found.map(({ Id }) => docker.getContainer(Id).inspect()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const removals = [
      'docker compose --profile least-privilege rm --stop --force -v',
      'docker compose --profile least-privilege down --volumes --rmi all',
    ];
    for (const removal of removals) {
      const { status, stderr } = await this.run(removal);
      if (status !== 0) throw new Error(`${removal} ended with ${status}: ${stderr}`);
    }
    for (const image of this.made) await gone(rawDocker().getImage(image).remove({ force: true }));
  }
}
