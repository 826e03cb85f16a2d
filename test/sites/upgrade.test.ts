import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gone } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { runProgram, type CommandOutcome } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer, makeTrees, type BuiltTuple, type SharedTrees } from '../support/zentoo-site.ts';
import { commitAll, git } from '../unit/site/git-program.ts';

type Labels = Readonly<Record<string, string>>;

const program = join(import.meta.dirname, '../../src/zentoo.ts');
const fixture = join(import.meta.dirname, 'former-site');
const labels = JSON.parse(readFileSync(join(fixture, 'labels.json'), 'utf8')) as Readonly<
  Record<'binpkgs' | 'state' | 'tuple' | 'buildmaster', Labels>
>;
const tuple = 'x86-64-base-plain-tools';

async function docker(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram('docker', args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')}\n${stderr}`);
  return stdout.trim();
}

/** Unpacks an archive of the fixture into a volume. */
async function fill(volume: string, archive: string): Promise<void> {
  const args = ['run', '--rm', '-i', '-v', `${volume}:/volume`, '--entrypoint', 'tar', stage, '-C', '/volume', '-xz'];
  const child = spawn('docker', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  await pipeline(createReadStream(join(fixture, archive)), child.stdin);
  expect(await ended).toEqual([0, null]);
}

/** A site that zentoo 0.1.0 built, with its volumes and images, under a name of its own. */
class FormerSite implements AsyncDisposable {
  readonly name = uniqueName('former');
  readonly path = mkdtempSync(join(tmpdir(), 'zentoo-former-'));
  readonly images: Readonly<Record<'tuple' | 'buildmaster', string>>;
  readonly #tree: string;
  readonly #inputs: Labels;

  static async open(trees: SharedTrees): Promise<FormerSite> {
    const revision = await inContainer(stage, 'git -C /tree rev-parse HEAD', ['-v', `${trees.gentoo}:/tree`]);
    const id = await docker('image', 'inspect', '--format', '{{.Id}}', stage);
    const site = new FormerSite(trees.gentoo, { 'stage/id': id, 'tree/gentoo': revision.trim() });
    await docker('volume', 'create', ...site.#labelOptions(labels.binpkgs), `zentoo-${site.name}-binpkgs`);
    await docker('volume', 'create', ...site.#labelOptions(labels.state), `zentoo-${site.name}-state`);
    for (const volume of ['binpkgs', 'state']) await fill(`zentoo-${site.name}-${volume}`, `${volume}.tar.gz`);
    await site.#commit(site.images.tuple, labels.tuple);
    await site.#commit(site.images.buildmaster, labels.buildmaster);
    return site;
  }

  /** @param inputs the inputs that differ on each machine: the stage and the tree */
  private constructor(tree: string, inputs: Labels) {
    this.#tree = tree;
    this.#inputs = inputs;
    const { digest } = this.#fingerprint(labels.buildmaster);
    this.images = {
      tuple: `zentoo/${this.name}/${tuple}:latest`,
      buildmaster: `zentoo/${this.name}/buildmaster:x86-64-base-${digest.slice(0, 8)}`,
    };
  }

  /** The fingerprint of zentoo 0.1.0: the digest of the inputs, sorted by name. */
  #fingerprint(former: Labels): { readonly digest: string; readonly inputs: string } {
    const inputs = { ...(JSON.parse(former['zentoo.inputs'] ?? '{}') as Labels), ...this.#inputs };
    const sorted = JSON.stringify(Object.fromEntries(Object.entries(inputs).toSorted(([a], [b]) => (a < b ? -1 : 1))));
    return { digest: createHash('sha256').update(sorted).digest('hex'), inputs: sorted };
  }

  #labelOptions(former: Labels): readonly string[] {
    const own = { ...former, ...('zentoo.directory' in former ? { 'zentoo.directory': this.path } : {}) };
    return Object.entries(own).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  }

  /** Commits an image with the labels of zentoo 0.1.0 on the stage. */
  async #commit(name: string, former: Labels): Promise<void> {
    const { digest, inputs } = this.#fingerprint(former);
    const own = { ...former, 'zentoo.site': this.name, 'zentoo.fingerprint': digest, 'zentoo.inputs': inputs };
    const container = await docker('run', '-d', '--entrypoint', 'touch', stage, '/made-by-zentoo-0.1.0');
    await docker('wait', container);
    const changes = Object.entries(own).flatMap(([key, value]) => [
      '--change',
      `LABEL ${key}=${JSON.stringify(value)}`,
    ]);
    await docker('commit', ...changes, container, name);
    await docker('rm', '-v', container);
  }

  async unpack(): Promise<void> {
    await runProgram('tar', ['-C', this.path, '--no-same-owner', '-xzf', join(fixture, 'site.tar.gz')]);
    const path = join(this.path, 'site.yaml');
    const text = readFileSync(path, 'utf8').replace(/^name: .*$/m, `name: ${this.name}`);
    writeFileSync(path, `${text}volumes: { trees: { gentoo: ${this.#tree} } }\n`);
  }

  run(...args: readonly string[]): Promise<CommandOutcome> {
    return runProgram(process.execPath, [program, ...args], { cwd: this.path, env: process.env });
  }

  async build(): Promise<CommandOutcome & { readonly tuple: BuiltTuple | undefined }> {
    const outcome = await this.run('build', '--json');
    const { tuples = [] } = JSON.parse(outcome.stdout || '{}') as { readonly tuples?: readonly BuiltTuple[] };
    return { ...outcome, tuple: tuples[0] };
  }

  /** The ids of its images. */
  async ids(): Promise<readonly string[]> {
    const found = Object.values(this.images).map((name) => docker('image', 'inspect', '--format', '{{.Id}}', name));
    return Promise.all(found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = rawDocker();
    const listed = await engine.listImages({ filters: { reference: [`zentoo/${this.name}/*`] } });
    for (const name of listed.flatMap(({ RepoTags }) => RepoTags ?? []))
      await gone(engine.getImage(name).remove({ force: true }));
    const { Volumes } = await engine.listVolumes();
    for (const { Name, Labels } of Volumes)
      if (Name.startsWith(`zentoo-${this.name}-`) || Labels?.['zentoo.site'] === this.name)
        await gone(engine.getVolume(Name).remove());
    rmSync(this.path, { recursive: true });
  }
}

describe('the upgrade of a site of zentoo 0.1.0', () => {
  let trees: SharedTrees & AsyncDisposable;
  let site: FormerSite;

  beforeAll(async () => {
    trees = await makeTrees();
    site = await FormerSite.open(trees);
    await site.unpack();
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('loses no image: list and build find them up to date', async () => {
    const before = await site.ids();
    const listed = await site.run('list', '--json');
    expect(JSON.parse(listed.stdout), listed.stderr).toMatchObject({
      tuples: [{ name: tuple, upToDate: true, why: [] }],
    });
    const { status, stderr, tuple: built } = await site.build();
    expect([status, built?.type], stderr).toEqual([0, 'unchanged']);
    expect(stderr).toContain(`took over the images that zentoo 0.1.0 made for the site ${site.name}`);
    expect(await site.ids()).toEqual(before);
  });

  it('compiles no package: what is built anew has the packages of the store', async () => {
    const adopted = await site.run('adopt', '--json');
    expect(JSON.parse(adopted.stdout), adopted.stderr).toMatchObject({
      from: site.path,
      volumes: `zentoo-${site.name}`,
    });
    await docker('rmi', site.images.tuple);
    const { status, stderr, tuple: built } = await site.build();
    expect([status, built?.type, built?.compiled], stderr).toEqual([0, 'built', []]);
    expect(stderr).toMatch(
      /took over 5 packages of version 0\.1\.0 into x86_64-pc-linux-gnu\/x86-64\/.*-v2-[0-9a-f]{12}$/m,
    );
    expect(stderr).not.toContain('>>> Emerging (');
    expect(existsSync(join(site.path, 'site.lock'))).toBe(true);
  });
});

describe('the upgrade of a site of zentoo 0.1.0 whose settings the packages do not prove', () => {
  it('compiles them again, and says why', async () => {
    await using trees = await makeTrees();
    await using site = await FormerSite.open(trees);
    await site.unpack();
    const portage = join(site.path, 'config/portage');
    git(portage, 'checkout', '--quiet', 'base');
    writeFileSync(
      join(portage, 'make.conf'),
      `${readFileSync(join(portage, 'make.conf'), 'utf8')}EXTRA_ECONF="--disable-nls"\n`,
    );
    commitAll(portage);
    const { status, stderr, tuple: built } = await site.build();
    expect([status, built?.type, built?.compiled?.length], stderr).toEqual([0, 'built', 5]);
    expect(stderr).toContain(
      'the package app-misc/greet-1.0 of version 0.1.0 is not used: its record has EXTRA_ECONF="", and here it is "--disable-nls"',
    );
    const kept = 'find /b/quarantine -name "*.gpkg.tar" | wc -l';
    expect((await inContainer(stage, kept, ['-v', `zentoo-${site.name}-binpkgs:/b`])).trim()).toBe('5');
  });
});
