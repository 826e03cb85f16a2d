import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { projectDirectory } from './documents.ts';
import { rawDocker } from './real-engine/real-engine.ts';
import { uniqueName } from './unique-name.ts';
import type { CommandOutcome } from './run-program.ts';

/** Options for a run of zentoo. */
export interface ZentooOptions {
  /** The standard input; empty if undefined. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A site as `zentoo init` makes it, but with the one tuple `x86-64-base-plain-tools`, a set of one small package and an
 * image as its output. It, its images and its volumes are removed at the end.
 */
export class TestSite implements AsyncDisposable {
  readonly name: string;
  #id = '';
  readonly directory: string;

  static async open(): Promise<TestSite> {
    const site = new TestSite(await mkdtemp(join(tmpdir(), 'gentoo-builder-site-')));
    const { status, stderr } = await site.zentoo(['init', site.directory]);
    if (status !== 0) throw new Error(stderr);
    const path = join(site.directory, 'site.yaml');
    const yaml = await readFile(path, 'utf8');
    site.#id = /^id: (.*)$/m.exec(yaml)?.[1] ?? '';
    const [short = ''] = yaml.split('# Tuples with options');
    const named = short.replace(/^name: .*$/m, `name: ${site.name}`);
    await writeFile(path, `${named}volumes:\n  distfiles: ${site.volume('distfiles')}\n`);
    await writeFile(join(site.directory, 'config/tuples'), 'x86-64-base-plain-tools\n');
    await writeFile(join(site.directory, 'config/sets/tools'), '>=sys-apps/stage-info-1\n');
    return site;
  }

  private constructor(directory: string) {
    this.directory = directory;
    this.name = uniqueName('site');
  }

  /** The environment in which programs find it. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, ZENTOO_SITE: this.directory };
  }

  volume(what: string): string {
    return `zentoo-${this.#id}-${what}`;
  }

  /** Runs zentoo from the sources to its end. */
  async zentoo(args: readonly string[], { input = '', env = {} }: ZentooOptions = {}): Promise<CommandOutcome> {
    const program = join(projectDirectory, 'src/zentoo.ts');
    const child = spawn(process.execPath, [program, ...args], { env: { ...this.environment, ...env } });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status: child.exitCode, stdout, stderr };
  }

  /** The names of the containers that have one of its volumes. */
  async containers(): Promise<readonly string[]> {
    const filters = { volume: [this.volume('binpkgs')] };
    return (await rawDocker().listContainers({ all: true, filters })).map(({ Names }) => Names.join());
  }

  /** Removes an image when the test ends. Returns its name. */
  removeLater(image: string): string {
    onTestFinished(async () => {
      await rawDocker()
        .getImage(image)
        .remove({ force: true })
        .catch(() => undefined);
    });
    return image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const docker = rawDocker();
    const images = await docker.listImages({ filters: { reference: [`zentoo/${this.name}/*`] } });
    for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? []))
      await docker.getImage(tag).remove({ force: true });
    const { Volumes } = await docker.listVolumes({ filters: { name: [this.volume(''), `zentoo-${this.name}-`] } });
    for (const { Name } of Volumes) await docker.getVolume(Name).remove();
    await rm(this.directory, { recursive: true });
  }
}
