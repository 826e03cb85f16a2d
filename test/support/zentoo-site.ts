import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { givenImageName } from '../../src/engine/docker/image-answer.ts';
import { initSite } from '../../src/site/init-site.ts';
import { commitAll, git } from '../unit/site/git-program.ts';
import { gone } from './builder.ts';
import { rawDocker, stage } from './real-engine/real-engine.ts';
import { uniqueName } from './unique-name.ts';
import { RunningProgram, runProgram, type CommandOutcome } from './run-program.ts';

const program = join(import.meta.dirname, '../../src/zentoo.ts');

/** One tuple in the output of `zentoo build --json`. */
export interface BuiltTuple {
  readonly name: string;
  readonly type: 'built' | 'unchanged' | 'failed';
  readonly image?: string;
  readonly archive?: string;
  readonly merged?: readonly string[];
  readonly compiled?: readonly string[];
  readonly failures?: readonly { readonly exitStatus: number; readonly message: string; readonly hint?: string }[];
}

/** The outcome of `zentoo build --json`. */
export interface BuildOutcome extends CommandOutcome {
  /** By name. */
  readonly tuples: ReadonlyMap<string, BuiltTuple>;
}

/** Volumes with trees that several sites share, filled once. */
export interface SharedTrees {
  readonly gentoo: string;
  readonly faults: string;
}

/** Files by their paths; text that begins with `#!` is executable, and text that begins with `-> ` a symbolic link. */
export type BranchFiles = Readonly<Record<string, string>>;

/** A site with its own name in a temporary directory. Its objects on the engine are removed with it. */
export class ZentooSite implements AsyncDisposable {
  readonly name: string;
  /** The id that `zentoo init` gave it. {@link siteYaml} leaves it out. */
  readonly id: string;
  readonly path: string;
  /** The directory that contains the site. */
  readonly #top: string;

  /** A site as `zentoo init` makes it. */
  constructor(word: string) {
    this.#top = mkdtempSync(join(tmpdir(), 'zentoo-test-'));
    this.path = join(this.#top, uniqueName(word));
    const { name, id } = initSite(this.path, new Date('2026-01-02T03:04:05Z'));
    this.name = name;
    this.id = id;
  }

  /** Writes a file of the site itself. */
  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.path, file)), { recursive: true });
    writeFileSync(join(this.path, file), content);
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8');
  }

  /** Commits files to a branch of one of its repositories. A missing branch starts from `base` or `plain`. */
  branch(repository: 'portage' | 'buildhooks', name: string, files: BranchFiles): void {
    const directory = join(this.path, 'config', repository);
    const known = git(directory, 'branch', '--list', name) !== '';
    git(
      directory,
      'checkout',
      '--quiet',
      ...(known ? [name] : ['-b', name, repository === 'portage' ? 'base' : 'plain']),
    );
    for (const [file, content] of Object.entries(files)) {
      const path = join(directory, file);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(dirname(path), { recursive: true });
      if (content.startsWith('-> ')) symlinkSync(content.slice(3), path);
      else writeFileSync(path, content);
      if (content.startsWith('#!')) chmodSync(path, 0o755);
    }
    commitAll(directory);
  }

  /** Runs zentoo to its end in the site's directory. */
  run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<CommandOutcome> {
    return runProgram(process.execPath, [program, ...args], {
      cwd: this.path,
      env: { ...process.env, ...environment },
    });
  }

  /** `zentoo build --json`. */
  async build(args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<BuildOutcome> {
    const outcome = await this.run(['build', '--json', ...args], environment);
    const { tuples = [] } = JSON.parse(outcome.stdout || '{}') as { readonly tuples?: readonly BuiltTuple[] };
    return { ...outcome, tuples: new Map(tuples.map((tuple) => [tuple.name, tuple])) };
  }

  /** Starts zentoo in the site's directory. */
  start(args: readonly string[]): RunningProgram {
    return new RunningProgram(process.execPath, [program, ...args], { cwd: this.path });
  }

  /** Starts zentoo, and sends it a signal when its standard error has a match. */
  async interrupt(
    args: readonly string[],
    when: RegExp,
    signal: NodeJS.Signals,
  ): Promise<CommandOutcome & { readonly pid: number }> {
    const running = this.start(args);
    await running.said(when);
    running.kill(signal);
    return { ...(await running.outcome), pid: running.pid };
  }

  /** The names of its images, `zentoo/<site>/` left out, sorted. */
  async images(): Promise<readonly string[]> {
    const start = `zentoo/${this.name}/`;
    const images = await rawDocker().listImages();
    const names = images.flatMap(({ RepoTags }) => RepoTags ?? []).map((name) => givenImageName('podman', name));
    return names
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length))
      .toSorted();
  }

  /** Runs a shell command in a container with the site's store and trees. Returns its output. */
  inStore(script: string): Promise<string> {
    return inContainer(stage, script, ['-v', `zentoo-${this.name}-binpkgs:/var/cache/binpkgs`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const docker = rawDocker();
    for (const name of await this.images())
      await gone(docker.getImage(`zentoo/${this.name}/${name}`).remove({ force: true }));
    const { Volumes } = await docker.listVolumes();
    for (const { Name } of Volumes ?? [])
      if ([this.name, this.id].some((word) => Name.startsWith(`zentoo-${word}-`)))
        await gone(docker.getVolume(Name).remove());
    rmSync(this.#top, { recursive: true, force: true });
  }
}

/** Runs a shell command in a new container. Returns its output. */
export async function inContainer(image: string, script: string, options: readonly string[] = []): Promise<string> {
  const command = ['run', '--rm', ...options, '--entrypoint', '/bin/bash', image, '-ec', script];
  const { status, stdout, stderr } = await runProgram('docker', command);
  if (status !== 0) throw new Error(`${script}\nended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** Fills volumes with the stage's tree and the tree of failing packages, to which it adds one package. */
export async function makeTrees(): Promise<SharedTrees & AsyncDisposable> {
  const trees = { gentoo: uniqueName('site-gentoo'), faults: uniqueName('site-faults') };
  await inContainer(stage, 'emerge --sync -q', ['-v', `${trees.gentoo}:/var/db/repos/gentoo`]);
  const ebuild = `EAPI=8
DESCRIPTION="Fails when it has been configured"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_configure() { mkdir sub && echo "the words of configure" >sub/config.log; }
src_compile() { die "and here it ends"; }
`;
  await inContainer(
    'gentoo-ministage-faults',
    `cp -a /var/db/repos/faults/. /to/ && mkdir /to/test-fault/half-done && echo '${ebuild}' >/to/test-fault/half-done/half-done-1.ebuild`,
    ['-v', `${trees.faults}:/to`],
  );
  return {
    ...trees,
    async [Symbol.asyncDispose]() {
      for (const volume of Object.values(trees)) await gone(rawDocker().getVolume(volume).remove());
    },
  };
}

/** A site.yaml with the given CPUs and stages, and with the shared trees. */
export function siteYaml(
  { name }: ZentooSite,
  trees: Partial<SharedTrees>,
  parts: { readonly cpus?: Readonly<Record<string, string>>; readonly stages?: string; readonly more?: string } = {},
): string {
  const cpus = Object.entries(parts.cpus ?? { plain: '-O2 -pipe' });
  return [
    `name: ${name}`,
    'cpus:',
    ...cpus.map(([cpu, flags]) => `  ${cpu}: { CHOST: x86_64-pc-linux-gnu, CFLAGS: ${JSON.stringify(flags)} }`),
    `stages: ${parts.stages ?? `{ ministage: { image: ${stage} } }`}`,
    'outputs: [image]',
    `volumes: { trees: ${JSON.stringify(trees)} }`,
    parts.more ?? '',
  ].join('\n');
}

/** The file of repos.conf for the repository of failing packages. */
export const faultsConf = '[faults]\nlocation = /var/db/repos/faults\nauto-sync = no\n';
