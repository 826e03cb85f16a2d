import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesOf, corpusOfDirectories, isLink } from '../support/corpus.ts';
import { ownLines } from '../support/own-lines.ts';
import { EngineProxy } from '../support/proxy.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { runProgram } from '../support/run-program.ts';
import { siteYaml, ZentooSite } from '../support/zentoo-site.ts';
import { commitAll, writeFiles } from '../unit/site/git-program.ts';
import { edit } from '../unit/site/site-changes.ts';

const program = join(import.meta.dirname, '../../src/zentoo.ts');
const tuple = 'x86-64-base-plain-tools';

/** A site on the real engine, behind a proxy that records the started containers. */
class TestSite implements AsyncDisposable {
  readonly directory: string;
  readonly #proxy: EngineProxy;

  static async open(): Promise<TestSite> {
    const parent = await mkdtemp(join(tmpdir(), 'zentoo-plan-'));
    const site = new TestSite(join(parent, basename(parent).toLowerCase()), await EngineProxy.open());
    await site.zentoo('init', site.directory);
    edit(site.directory, 'site.yaml', 'outputs: [image, archive]', 'outputs: [image]');
    return site;
  }

  private constructor(directory: string, proxy: EngineProxy) {
    this.directory = directory;
    this.#proxy = proxy;
  }

  get name(): string {
    return basename(this.directory);
  }

  get portage(): string {
    return join(this.directory, 'config/portage');
  }

  /** Runs zentoo. Returns its output and the number of containers that it started. */
  async zentoo(...args: readonly string[]) {
    const before = this.#proxy.requests.length;
    const env = { ...process.env, DOCKER_HOST: this.#proxy.address, ZENTOO_SITE: this.directory };
    const outcome = await runProgram(process.execPath, [program, ...args], { env });
    const requests = this.#proxy.requests.slice(before);
    return { ...outcome, started: requests.filter((line) => /\/containers\/[^/]+\/start/.test(line)).length };
  }

  /** The plan of a tuple in the output of --json. */
  async plan(...tuples: readonly string[]) {
    const { stdout, stderr, ...outcome } = await this.zentoo('plan', '--json', ...tuples);
    return { ...outcome, stderr, plan: JSON.parse(stdout) as PrintedPlan };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const docker = rawDocker();
    const images = await docker.listImages({ filters: { reference: [`zentoo/${this.name}/*`] } });
    for (const name of images.flatMap(({ RepoTags }) => RepoTags ?? [])) await docker.getImage(name).remove();
    const { Volumes } = await docker.listVolumes({ filters: { label: [`zentoo.site=${this.name}`] } });
    for (const { Name } of Volumes) await docker.getVolume(Name).remove();
    await this.#proxy[Symbol.asyncDispose]();
    await rm(join(this.directory, '..'), { recursive: true });
  }
}

interface PrintedPlan {
  readonly buildmasters: readonly {
    readonly action: string;
    readonly why: readonly string[];
    readonly image: string;
  }[];
  readonly tuples: readonly {
    readonly tuple: string;
    readonly action: string;
    readonly why: readonly string[];
    readonly packages: readonly { readonly action: string; readonly cpv: string; readonly why: string }[];
    readonly failure: { readonly code: string; readonly message: string; readonly hint: string } | null;
  }[];
  readonly warnings: readonly { readonly message: string }[];
}

const describePackages = ({ tuples }: PrintedPlan) =>
  tuples[0]?.packages.map(({ action, cpv, why }) => `${action} ${cpv}: ${why}`);

// Each test continues from the state that the test before it left.
describe('the plan of a site', () => {
  let site: TestSite;
  beforeAll(async () => void (site = await TestSite.open()));
  afterAll(() => site[Symbol.asyncDispose]());

  test('refuses to plan before the first sync', async () => {
    const outcome = await site.zentoo('plan');
    expect(outcome).toMatchObject({ status: 13, stdout: '', started: 0 });
    expect(outcome.stderr).toContain('hint: run `zentoo sync`');
    expect((await site.zentoo('sync')).status).toBe(0);
  });

  test('asks Portage for a plan, and leaves only the cached answer', async () => {
    const { status, started, plan } = await site.plan(tuple);
    expect({ status, started }).toEqual({ status: 0, started: 1 });
    expect(plan.buildmasters).toMatchObject([{ action: 'make', why: ['there is no buildmaster yet'] }]);
    expect(plan.tuples).toMatchObject([{ tuple, action: 'build', why: ['there is no image yet'] }]);
    expect(describePackages(plan)).toContain('compile app-misc/greet-1.0: new; no binary package in the store');
    expect(await rawDocker().listImages({ filters: { reference: [`zentoo/${site.name}/*`] } })).toEqual([]);
    const { Volumes } = await rawDocker().listVolumes({ filters: { label: [`zentoo.site=${site.name}`] } });
    const kept = Volumes.map(({ Name }) => Name.split('-').at(-1));
    expect(new Set(kept)).toEqual(new Set(['binpkgs', 'gentoo', 'metadata', 'site', 'state']));
  });

  test('prints the same plan from the cache, without a container', async () => {
    const again = await site.zentoo('plan', tuple);
    expect(again).toMatchObject({ status: 0, started: 0 });
    expect(ownLines(again.stderr)).toBe('');
    expect(again.stdout).toMatch(/^ {2}compile {2}app-misc\/greet-1\.0 .* new; no binary package in the store$/m);
    const graph = await site.zentoo('plan', '--graph=mermaid', tuple);
    expect(graph).toMatchObject({ status: 0, stdout: expect.stringMatching(/^flowchart /) as string, started: 0 });
    expect(graph.stdout).toMatch(/^ {2}n\d+\("app-misc\/greet-1\.0"\):::made$/m);
  });

  test('names exactly the packages that a build then compiles; afterwards all is up to date', async () => {
    const { plan } = await site.plan(tuple);
    const built = await site.zentoo('build', '--json', tuple);
    const { tuples } = JSON.parse(built.stdout) as { tuples: readonly { merged: readonly string[] }[] };
    expect(plan.tuples[0]?.packages.map(({ cpv }) => cpv).toSorted()).toEqual(tuples[0]?.merged);
    const after = await site.zentoo('plan', tuple);
    expect(after).toMatchObject({ status: 0, started: 0 });
    expect(after.stdout).toBe(
      `${tuple}: up to date\n\n0 of 1 tuple to build, 0 packages to compile, 0 from the store\n`,
    );
    const list = await site.zentoo('list', '--json');
    expect(list).toMatchObject({ status: 0, started: 0 });
    expect(ownLines(list.stderr)).toBe('');
    expect((JSON.parse(list.stdout) as { tuples: readonly unknown[] }).tuples[0]).toMatchObject({
      ...{ name: tuple, upToDate: true, why: [] },
      image: { name: `zentoo/${site.name}/${tuple}:latest`, size: expect.any(Number) as number },
    });
    expect((await site.zentoo('list')).stdout).toMatch(
      new RegExp(`^${tuple} +up to date {2}\\d+ MB, \\d+[smh] old  - `, 'm'),
    );
  });

  test('warns of uncommitted files; after the commit, names the packages to compile and the reason', async () => {
    writeFiles(site.portage, { 'package.use/greet': 'app-misc/greet -loud\ndev-libs/greeting shout\n' });
    const before = await site.plan(tuple);
    expect(before).toMatchObject({ status: 0, started: 0, plan: { tuples: [{ action: 'none' }] } });
    const [warning] = before.plan.warnings;
    expect(warning?.message).toBe(
      'there is uncommitted work in config/portage (base), which is not built: package.use/greet',
    );
    expect(before.stderr).toContain(`warning: ${warning?.message}\n`);
    commitAll(site.portage);
    const { plan, status } = await site.plan(tuple);
    expect(status).toBe(0);
    const moved = expect.stringMatching(/^the portage branch base moved from [0-9a-f]{10} to [0-9a-f]{10}$/) as string;
    expect(plan.tuples).toMatchObject([{ action: 'build', why: [moved] }]);
    expect(plan.buildmasters).toMatchObject([{ action: 'make', why: [moved] }]);
    expect(describePackages(plan)?.filter((line) => line.startsWith('compile'))).toEqual([
      'compile app-misc/greet-1.0: new; USE -loud differs from the binary package in the store',
    ]);
  });

  test('names the branch’s file to change for a masked package, and still plans the other tuples', async () => {
    writeFiles(site.portage, { 'package.mask': 'app-misc/timepiece\n' });
    commitAll(site.portage);
    const { status, stderr, plan } = await site.plan(tuple, 'x86-64-musl-musl-plain-tools');
    expect(status).toBe(22);
    expect(plan.tuples.map(({ action }) => action)).toEqual(['fail', 'build']);
    expect(plan.tuples[0]?.failure).toMatchObject({ code: 'plan-refused' });
    const hint = plan.tuples[0]?.failure?.hint;
    expect(hint).toMatch(
      /write into the branch base of config\/portage, and commit:\n {2}package\.unmask \(new\)\n {4}\S*app-misc\/timepiece/,
    );
    expect(stderr).toContain('package.unmask (new)');
    expect(await site.zentoo('plan', tuple)).toMatchObject({ status: 22, started: 0 });
  });

  test("refuses a set that has the name of a repository's set", async () => {
    await appendFile(join(site.directory, 'config/sets/greetings'), 'app-misc/hello\n');
    for (const command of ['plan', 'build']) {
      const { status, stderr, started } = await site.zentoo(command, tuple);
      expect({ status, started }).toEqual({ status: 3, started: 0 });
      expect(stderr).toContain('sets/greetings:1:1: the ebuild repository gentoo has a set @greetings as well');
    }
  });
});

describe('the plan of a site whose branches are the /etc/portage of users', () => {
  const names = ['server', 'people-05-env-hooks', 'old-layout'];
  const tuples = names.map((_, index) => `plain-user${index}-plain-motto`);
  const site = new ZentooSite('corpus');
  afterAll(() => site[Symbol.asyncDispose]());

  test('case 2.2: has the packages of each branch', async () => {
    const directories = new Map(corpusOfDirectories());
    for (const [index, name] of names.entries()) {
      // The ministage has no other profile and no other repository than the branch `base`.
      const own = Object.entries(directories.get(name) ?? {}).filter(([path]) => path !== 'make.profile');
      expect(own, name).not.toEqual([]);
      const files = own.map(([path, file]) => [path, `${isLink(file) ? '-> ' : ''}${bytesOf(file).toString()}`]);
      site.branch('portage', `user${index}`, Object.fromEntries(files) as Record<string, string>);
    }
    site.write('site.yaml', siteYaml(site, {}));
    site.write('config/tuples', `${tuples.join('\n')}\n`);
    site.write('config/sets/motto', 'app-misc/motto\n');
    const synced = await site.run(['sync']);
    expect(synced.status, synced.stderr).toBe(0);
    const { status, stdout, stderr } = await site.run(['plan', '--json']);
    expect(status, stderr).toBe(0);
    const planned = (JSON.parse(stdout) as PrintedPlan).tuples;
    for (const name of tuples)
      expect(planned, name).toContainEqual(
        expect.objectContaining({
          ...{ tuple: name, failure: null },
          packages: expect.arrayContaining([expect.objectContaining({ cpv: 'app-misc/motto-1.1' })]) as unknown,
        }),
      );
  });
});
