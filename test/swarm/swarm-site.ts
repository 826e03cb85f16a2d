import { join } from 'node:path';
import {
  brokenEbuild,
  damagedEbuild,
  heldEbuild,
  holding,
  hungryEbuild,
  spoiltEbuild,
  writeEbuilds,
} from '../support/fault-packages.ts';
import { must, RunningProgram } from '../support/run-program.ts';
import {
  faultsConf,
  makeTrees,
  siteYaml,
  ZentooSite,
  type BuildOutcome,
  type BuiltTuple,
  type SharedTrees,
} from '../support/zentoo-site.ts';
import type { Node } from './three-nodes.ts';

const program = join(import.meta.dirname, '../../zentoo');

/** Makes the images of this project on the first node: the engine of the tests has them, and a node has no way out. */
export async function copyProjectImages({ engine }: Node): Promise<void> {
  const listed = await must('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']);
  const ours = /^gentoo-(?:builder|ministage)(?:-debian|-debian-plain|-node|-node-runtime|-faults)?:/;
  await engine.copyImages(...listed.split('\n').filter((name) => ours.test(name)));
}

/** Packages that take equally long. */
export const equalPackages = [...'abcdefghijkl'].map((letter) => `equal-${letter}`);
const equalEbuild = heldEbuild.replace(/^src_compile.*\n/m, 'src_compile() { sleep 1; }\n');

/** The packages `test-fault/...` of the site. */
const ebuilds = {
  ...Object.fromEntries(equalPackages.map((name) => [name, equalEbuild])),
  'held-a': heldEbuild,
  'held-b': heldEbuild,
  'held-c': heldEbuild,
  'held-late': `${heldEbuild}DEPEND="app-misc/motto"\n`,
  // With them, held-a has the longest way to the end, and is compiled first.
  'after-held-a': `${equalEbuild}DEPEND="test-fault/held-a"\n`,
  last: `${equalEbuild}DEPEND="test-fault/after-held-a"\n`,
  hungry: hungryEbuild,
  broken: brokenEbuild,
  spoilt: spoiltEbuild,
  damaged: damagedEbuild,
};

/** A site with the packages `test-fault/...`, in volumes of the engine of `DOCKER_HOST`. */
export class SwarmSite implements AsyncDisposable {
  readonly site: ZentooSite;
  readonly #trees: SharedTrees & AsyncDisposable;

  static async open(): Promise<SwarmSite> {
    const trees = await makeTrees();
    await writeEbuilds(trees, ebuilds);
    const site = new ZentooSite('swarm');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
    const opened = new SwarmSite(site, trees);
    opened.writeSettings('');
    return opened;
  }

  private constructor(site: ZentooSite, trees: SharedTrees & AsyncDisposable) {
    this.site = site;
    this.#trees = trees;
  }

  /** Writes site.yaml, with these lines at its end. */
  writeSettings(more: string): void {
    this.site.write('site.yaml', siteYaml(this.site, this.#trees, { more }));
  }

  /** Makes the sets the only ones of the site, each with a tuple. */
  writeSets(sets: Readonly<Record<string, readonly string[]>>): void {
    for (const [name, atoms] of Object.entries(sets)) this.site.write(`config/sets/${name}`, atoms.join('\n'));
    this.site.write(
      'config/tuples',
      Object.keys(sets)
        .map((name) => `plain-base-plain-${name}`)
        .join('\n'),
    );
  }

  /** Starts `./zentoo` in the directory of the site. */
  start(...args: readonly string[]): RunningProgram {
    return new RunningProgram(program, args, { cwd: this.site.path });
  }

  /** `./zentoo build --swarm --json --jobs 1`. */
  async build(): Promise<BuildOutcome> {
    const outcome = await this.start('build', '--swarm', '--json', '--jobs', '1').outcome;
    const { tuples = [] } = JSON.parse(outcome.stdout || '{}') as { readonly tuples?: readonly BuiltTuple[] };
    return { ...outcome, tuples: new Map(tuples.map((tuple) => [tuple.name, tuple])) };
  }

  /** The objects of `zentoo swarm status --json`. */
  async status(): Promise<readonly { readonly node: string; readonly kind: string; readonly name: string }[]> {
    const { status, stdout, stderr } = await this.start('swarm', 'status', '--json').outcome;
    if (status !== 0) throw new Error(`zentoo swarm status ended with ${status}:\n${stderr}`);
    return (JSON.parse(stdout) as { readonly objects: Awaited<ReturnType<SwarmSite['status']>> }).objects;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    await this.#trees[Symbol.asyncDispose]();
  }
}

/** Lets the packages `held-...` come to the end on a node, or not. */
export function holdPackages(node: Node, isHeld: boolean): Promise<void> {
  return setInLogs(node, holding, isHeld);
}

/** Makes or removes a file among the logs of a node. */
export async function setInLogs({ docker, engine }: Node, file: string, isThere: boolean): Promise<void> {
  const [image] = await engine.docker.listImages({ filters: { reference: ['gentoo-builder'] } });
  const command = ['--entrypoint', isThere ? 'touch' : 'rm', image?.Id ?? '', ...(isThere ? [] : ['-f'])];
  await docker('run', '--rm', '-v', 'gentoo-logs:/log', ...command, `/log/${file}`);
}
