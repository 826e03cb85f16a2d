import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectDirectory, readmeCommands } from '../support/readme.ts';
import { rawDocker } from '../support/real-engine.ts';
import { runProgram, type CommandOutcome } from '../support/run-program.ts';

/** README's tour calls its sites so: whoever has one of these names keeps it, and this test does not run. */
const name = 'roots';
const second = 'others';
const docker = rawDocker();
const lines = readmeCommands('### A tour').filter((line) => line !== '');
let home = '';

beforeAll(async () => {
  expect(await made(), `what README's tour would make is there already`).toEqual([]);
  home = await mkdtemp(join(tmpdir(), 'gentoo-builder-tour-'));
});

afterAll(async () => {
  await rm(home, { recursive: true });
  for (const image of await images()) await docker.getImage(image).remove({ force: true });
  for (const volume of await volumes()) await docker.getVolume(volume).remove();
});

/** Names with ids. */
async function imagesOf(site: string): Promise<ReadonlyMap<string, string>> {
  const found = await docker.listImages({ filters: { reference: [`zentoo/${site}/*`] } });
  return new Map(found.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id] as const)));
}

async function images(): Promise<readonly string[]> {
  return [...(await imagesOf(name)).keys(), ...(await imagesOf(second)).keys()];
}

async function volumes(): Promise<readonly string[]> {
  const filters = { name: [`zentoo-${name}-`, `zentoo-${second}-`] };
  return (await docker.listVolumes({ filters })).Volumes.map((volume) => volume.Name);
}

const made = async () => [...(await images()), ...(await volumes())];

/** Runs the next line of README's that has this in it, as it stands, after the lines that set the environment. */
async function next(part: string): Promise<CommandOutcome> {
  const line = lines.shift() ?? '';
  expect(line).toContain(part);
  const script = `export ZENTOO_SITE="$HOME/${name}"\n${line}`;
  const env = { ...process.env, HOME: home, GIT_AUTHOR_NAME: 'a', GIT_COMMITTER_NAME: 'a', EMAIL: 'a@example.org' };
  const outcome = await runProgram('sh', ['-c', script], { cwd: projectDirectory, env });
  expect(outcome.status, `${line}\n${outcome.stderr}`).toBe(0);
  return outcome;
}

/** The packages that were compiled, as emerge says it. */
function compiled({ stderr }: CommandOutcome): readonly string[] {
  return [...stderr.matchAll(/^(?:\S+ \| )?>>> Emerging \(\d+ of \d+\) (\S+)::gentoo/gm)]
    .map(([, cpv = '']) => cpv)
    .toSorted();
}

const all = [
  'app-misc/greet-1.0',
  'app-misc/timepiece-2.0',
  'dev-libs/greeting-2.0',
  'sys-apps/stage-info-1.0',
  'sys-apps/yesno-1.0',
];
const tuples = ['x86-64-base-plain-tools', 'x86-64-v2-base-plain-tools', 'x86-64-musl-musl-plain-tools'];

describe("a new user's way, as README has it", () => {
  it('makes a site, and plans it', async () => {
    expect(lines.shift()).toBe(`export ZENTOO_SITE="$HOME/${name}"`);
    await next('zentoo -- init');
    const listed = await next('zentoo -- list');
    for (const tuple of tuples) expect(listed.stdout).toContain(tuple);
    expect((await next('zentoo -- sync')).stdout).toMatch(/^gentoo +[0-9a-f]{40} +none$/m);
    const plan = (await next('zentoo -- plan')).stdout;
    for (const tuple of tuples) expect(plan).toContain(tuple);
    for (const cpv of all) expect(plan).toContain(cpv);
    expect(await images()).toEqual([]);
  });

  it('builds roots of glibc and of musl, as images and as archives', async () => {
    const { stdout } = await next('zentoo -- build');
    for (const tuple of tuples) expect(stdout).toMatch(new RegExp(`^${tuple} +built `, 'm'));
    expect((await next('docker run')).stdout).toBe('GREETINGS FROM LIBGREETING 2.0!\n');
    expect((await next('docker run')).stdout).toMatch(/^greetings from libgreeting 2\.0\n$/i);
    expect((await next('sha512sum --check')).stdout).toBe('x86-64-musl-musl-plain-tools.tar.zst: OK\n');
    const manifest = await readFile(join(home, name, 'output/x86-64-musl-musl-plain-tools.manifest.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({
      tuple: 'x86-64-musl-musl-plain-tools',
      packages: expect.arrayContaining(
        all.map((cpv) => expect.objectContaining({ cpv, from: 'store' }) as unknown),
      ) as unknown,
    });
  });

  it('starts nothing for what is up to date', async () => {
    const begun = Date.now();
    const { stdout, stderr } = await next('zentoo -- build');
    for (const tuple of tuples) expect(stdout).toMatch(new RegExp(`^${tuple} +unchanged `, 'm'));
    expect(stderr).toBe('');
    expect(await startedSince(begun)).toEqual([]);
  });

  it('compiles after a commit on a branch just what it changes', async () => {
    await next('checkout');
    await next('package.use/greet');
    await next('commit');
    expect((await next('zentoo -- plan')).stdout).toContain('-loud');
    const built = await next('zentoo -- build');
    expect(compiled(built)).toEqual(['app-misc/greet-1.0', 'dev-libs/greeting-2.0']);
    expect(built.stdout).toMatch(/^x86-64-base-plain-tools +built /m);
  });

  it('does not compile again what a freshroot has compiled', async () => {
    expect((await next('./freshroot')).stdout + '').toContain('motto');
    await next('config/sets/tools');
    const built = await next('zentoo -- build');
    expect(compiled(built)).toEqual([]);
    expect(built.stderr).toMatch(/^(?:\S+ \| )?>>> Emerging binary \(\d+ of \d+\) app-misc\/motto/m);
    // The store has the same packages for musl.
    const chosts = ['sh', '-c', 'cat /var/db/pkg/*/*/CHOST | sort -u'];
    const { stdout } = await runProgram('docker', ['run', '--rm', `zentoo/${name}/x86-64-base-plain-tools`, ...chosts]);
    expect(stdout).toBe('x86_64-pc-linux-gnu\n');
  });

  it('leaves the first site alone when a second one beside it is built', async () => {
    const before = await imagesOf(name);
    await next(`init "$HOME/${second}"`);
    await next('sync');
    const built = await next('build');
    expect(compiled(built)).toEqual(all);
    expect(await imagesOf(name)).toEqual(before);
    expect([...(await imagesOf(second)).keys()]).toContain(`zentoo/${second}/x86-64-base-plain-tools:latest`);
  });

  it('runs in its image as well', async () => {
    expect((await next('gentoo-builder list')).stdout).toContain('x86-64-base-plain-tools');
    expect(lines).toEqual([]);
  });
});

/**
 * The images of the site's containers that were started since then, in milliseconds since 1970: those of its
 * buildmasters, in which every build of a tuple begins.
 */
async function startedSince(begun: number): Promise<readonly string[]> {
  const times = ['--since', String(Math.floor(begun / 1000)), '--until', String(Math.ceil(Date.now() / 1000))];
  const format = ['--filter', 'event=start', '--format', '{{.TimeNano}} {{.From}}'];
  const { stdout } = await runProgram('docker', ['events', ...times, ...format]);
  return stdout
    .split('\n')
    .filter((line) => Number(line.split(' ')[0]) / 1e6 >= begun && line.includes(` zentoo/${name}/`));
}
