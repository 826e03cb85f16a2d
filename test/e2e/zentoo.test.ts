import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenImageName } from '../../src/engine/docker/image-answer.ts';
import { projectDirectory, readCommands } from '../support/documents.ts';
import { ownLines } from '../support/own-lines.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { runProgram, type CommandOutcome } from '../support/run-program.ts';

/** The test's names for the tour's sites `roots` and `others`, because a user may have sites with the tour's names. */
const name = uniqueName('roots');
const second = uniqueName('others');
const docker = rawDocker();
const lines = [
  ...readCommands('README.md', '## zentoo in ten commands', 11),
  ...readCommands('docs/zentoo.md', '## A tour', 15),
].map((line) => line.replaceAll(/\broots\b/g, name).replaceAll(/\bothers\b/g, second));
const [unpack = ''] = readCommands('docs/zentoo.md', '### Archives', 1);
let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gentoo-builder-tour-'));
});

afterAll(async () => {
  await rm(home, { recursive: true });
  for (const image of await images()) await docker.getImage(image).remove({ force: true });
  for (const volume of await volumes()) await docker.getVolume(volume).remove();
});

/** Image ids by name. */
async function imagesOf(site: string): Promise<ReadonlyMap<string, string>> {
  const found = await docker.listImages({ filters: { reference: [`zentoo/${site}/*`] } });
  const named = found.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id] as const));
  return new Map(named.map(([tag, id]) => [givenImageName('podman', tag), id]));
}

async function images(): Promise<readonly string[]> {
  return [...(await imagesOf(name)).keys(), ...(await imagesOf(second)).keys()];
}

async function volumes(): Promise<readonly string[]> {
  const listed = [name, second].map((site) => docker.listVolumes({ filters: { label: [`zentoo.site=${site}`] } }));
  return (await Promise.all(listed)).flatMap(({ Volumes }) => Volumes.map((volume) => volume.Name));
}

/** Runs the next line of the tour, which contains `part`, after the line that sets the environment. */
async function next(part: string): Promise<CommandOutcome> {
  const line = lines.shift() ?? '';
  expect(line).toContain(part);
  const script = `export ZENTOO_SITE="$HOME/${name}"\n${line}`;
  const env = { ...process.env, HOME: home, GIT_AUTHOR_NAME: 'a', GIT_COMMITTER_NAME: 'a', EMAIL: 'a@example.org' };
  const outcome = await runProgram('sh', ['-c', script], { cwd: projectDirectory, env });
  expect(outcome.status, `${line}\n${outcome.stderr}`).toBe(0);
  return outcome;
}

/** The packages that emerge compiled, by its own messages. */
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

describe('the tour of README and docs/zentoo.md', () => {
  it('makes a site, and plans it', async () => {
    expect(lines.shift()).toBe(`export ZENTOO_SITE="$HOME/${name}"`);
    await next('./zentoo init');
    const listed = await next('./zentoo list');
    for (const tuple of tuples) expect(listed.stdout).toContain(tuple);
    expect((await next('./zentoo sync')).stdout).toMatch(/^gentoo +[0-9a-f]{40} +none$/m);
    const plan = (await next('./zentoo plan')).stdout;
    for (const tuple of tuples) expect(plan).toContain(tuple);
    for (const cpv of all) expect(plan).toContain(cpv);
    expect(await images()).toEqual([]);
  });

  it('builds roots with glibc and with musl', async () => {
    const { stdout } = await next('./zentoo build');
    for (const tuple of tuples) expect(stdout).toMatch(new RegExp(`^${tuple} +built `, 'm'));
  });

  it('plans as a graph, opens a freshroot, and lists workers and tuples', async () => {
    expect((await next('plan --graph dot')).stdout).toMatch(/^digraph /);
    expect((await next('build --jobs 2')).stdout).toMatch(/^x86-64-base-plain-tools +unchanged /m);
    expect((await next('./freshroot')).stdout).toContain('motto');
    expect((await next('distcc status')).stdout).toBe(`the site ${name} has no distcc workers\n`);
    expect(JSON.parse((await next('list --json')).stdout)).toMatchObject({ site: name });
  });

  it('opens a freshroot with the program of the image', async () => {
    const site = join(home, name);
    const mounts = ['/var/run/docker.sock:/var/run/docker.sock', `${site}:${site}`].flatMap((mount) => ['-v', mount]);
    const command = ['docker', 'run', '-i', '--rm', ...mounts, '-w', site, '--entrypoint', 'zentoo', 'gentoo-builder'];
    const script = `echo 'echo in the root of $(id -un)' | ${command.join(' ')} freshroot x86-64-base-plain-tools`;
    const opened = await runProgram('sh', ['-c', script]);
    expect(opened).toMatchObject({ status: 0, stdout: 'in the root of root\n' });
  });

  it('has made roots whose programs run, and an archive', async () => {
    expect((await next('docker run')).stdout).toBe('GREETINGS FROM LIBGREETING 2.0!\n');
    expect((await next('docker run')).stdout).toMatch(/^greetings from libgreeting 2\.0\n$/i);
    expect((await next('sha512sum --check')).stdout).toBe('x86-64-musl-musl-plain-tools.tar.zst: OK\n');
    const inStage = ['run', '--rm', '--network=none', '-v', `${join(home, name, 'output')}:/output:ro`, stage];
    const line = unpack.replace('NAME', '/output/x86-64-musl-musl-plain-tools');
    const script = `mkdir /root/unpacked && cd /root/unpacked && ${line} && chroot . /usr/bin/greet`;
    expect(await runProgram('docker', [...inStage, 'sh', '-ec', script])).toMatchObject({
      ...{ status: 0, stdout: expect.stringMatching(/^greetings from libgreeting 2\.0\n$/i) as string },
    });
    const manifest = await readFile(join(home, name, 'output/x86-64-musl-musl-plain-tools.manifest.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({
      tuple: 'x86-64-musl-musl-plain-tools',
      packages: expect.arrayContaining(
        all.map((cpv) => expect.objectContaining({ cpv, from: 'store' }) as unknown),
      ) as unknown,
    });
  });

  it('starts nothing for tuples that are up to date', async () => {
    const begun = Date.now();
    const { stdout, stderr } = await next('./zentoo build');
    for (const tuple of tuples) expect(stdout).toMatch(new RegExp(`^${tuple} +unchanged `, 'm'));
    expect(ownLines(stderr)).toBe('');
    expect(await startedSince(begun)).toEqual([]);
  });

  it('compiles only the packages that a commit on a branch affects', async () => {
    await next('checkout');
    await next('package.use/greet');
    await next('commit');
    expect((await next('./zentoo plan')).stdout).toContain('-loud');
    const built = await next('./zentoo build');
    expect(compiled(built)).toEqual(['app-misc/greet-1.0', 'dev-libs/greeting-2.0']);
    expect(built.stdout).toMatch(/^x86-64-base-plain-tools +built /m);
  });

  it('does not compile a package that a freshroot has compiled', async () => {
    await next('config/sets/tools');
    const built = await next('./zentoo build');
    expect(compiled(built)).toEqual([]);
    expect(built.stderr).toMatch(/^(?:\S+ \| )?>>> Emerging binary \(\d+ of \d+\) app-misc\/motto/m);
    // The store has the same packages for musl.
    const chosts = ['sh', '-c', 'cat /var/db/pkg/*/*/CHOST | sort -u'];
    const { stdout } = await runProgram('docker', ['run', '--rm', `zentoo/${name}/x86-64-base-plain-tools`, ...chosts]);
    expect(stdout).toBe('x86_64-pc-linux-gnu\n');
  });

  it('does not change the first site when it builds a second one', async () => {
    const before = await imagesOf(name);
    await next(`init "$HOME/${second}"`);
    await next('sync');
    const built = await next('build');
    expect(compiled(built)).toEqual(all);
    expect(await imagesOf(name)).toEqual(before);
    expect([...(await imagesOf(second)).keys()]).toContain(`zentoo/${second}/x86-64-base-plain-tools:latest`);
  });

  it('runs in the image, too', async () => {
    expect((await next('gentoo-builder list')).stdout).toContain('x86-64-base-plain-tools');
    expect(lines).toEqual([]);
  });
});

/**
 * The images of the site's containers that were started after `begun` (milliseconds since 1970), if they are buildmasters: each
 * build of a tuple starts in one.
 */
async function startedSince(begun: number): Promise<readonly string[]> {
  const times = ['--since', String(Math.floor(begun / 1000)), '--until', String(Math.ceil(Date.now() / 1000))];
  const format = ['--filter', 'event=start', '--format', '{{.TimeNano}} {{.From}}'];
  const { stdout } = await runProgram('docker', ['events', ...times, ...format]);
  return stdout
    .split('\n')
    .filter((line) => Number(line.split(' ')[0]) / 1e6 >= begun && line.includes(`zentoo/${name}/`));
}
