import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { defaultVolumes } from '../../src/container/mounts.ts';
import { findBases } from '../../setup/images/base-images.js';
import { findEngine } from '../../setup/engine/engine.js';
import { builderBuildArguments } from '../../setup/images/images.js';
import { it } from '../support/builder.ts';
import { projectDirectory, readCommands } from '../support/documents.ts';
import { ownLines } from '../support/own-lines.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { runProgram } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';

const run = promisify(execFile);

/** `npm start -- ARGS`, without npm's own output. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...environment };
  return runProgram('npm', ['--silent', 'start', '--', ...args], { cwd: projectDirectory, env });
}

/** The default volumes that the engine lacks and that no other test file uses. The run of the tests removes all default volumes that it made. */
async function missingVolumes(): Promise<string[]> {
  const { Volumes } = await rawDocker().listVolumes();
  const existing = new Set(Volumes.map(({ Name }) => Name));
  return [defaultVolumes.tree, defaultVolumes.binpkgs].filter((name) => !existing.has(name));
}

describe('npm start', () => {
  it('builds on the ministage, creates and fills missing volumes, and repeats no step', async ({ builder }) => {
    const missing = await missingVolumes();
    const first = await start(['app-misc/motto']);
    expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^gentoo-[0-9a-f]{4,}\n$/) as string });
    builder.removeLater({ image: first.stdout.trim() });
    for (const volume of missing) expect(first.stderr).toContain(`note: created the volume ${volume}`);
    const second = await start(['--base=gentoo-ministage', 'app-misc/motto']);
    builder.removeLater({ image: second.stdout.trim() });
    expect(second.status).toBe(0);
    expect(second.stderr).not.toMatch(/install|make image|note: created/);
    expect(ownLines(second.stderr)).toMatch(/^\[1\/7\] preconditions/);
  });

  it('ends with the status of a failed build, and shows its failures', async () => {
    const { status, stdout, stderr } = await start(['../x']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("'../x'");
  });

  it.for([['--help'], ['--version']])('answers %s without an engine', async ([option = '']) => {
    const { status, stdout } = await start([option], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('gentoo-builder') as string });
  });

  it('ends with 10 and a hint if DOCKER_HOST names an engine that does not answer', async () => {
    const { status, stdout, stderr } = await start(['app-misc/motto'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect({ status, stdout }).toEqual({ status: 10, stdout: '' });
    expect(stderr).toMatch(/nowhere[^]*hint: /);
  });
});

/** Runs a command of README in the project's directory. */
async function runLine(line: string) {
  const outcome = await runProgram('sh', ['-c', line], { cwd: projectDirectory });
  expect(outcome.status, `${line}\n${outcome.stderr}`).toBe(0);
  return outcome;
}

describe('the commands of README', () => {
  // One test for all, so that curl is compiled once.
  it('and of docs/gentoo-builder.md build curl, which runs', async ({ builder }) => {
    const [start = '', build = '', runImage = ''] = readCommands('README.md', '## Install', 3);
    const [use = '', shell = '', mounted = '', captured = ''] = readCommands(
      'docs/gentoo-builder.md',
      '# gentoo-builder',
      4,
    );
    const imageOf = async (line: string) => {
      const [image = ''] = (await runLine(line)).stdout.trimEnd().split('\n').slice(-1);
      expect(image).toMatch(/^gentoo-[0-9a-f]{4,}$/);
      builder.removeLater({ image });
      return image;
    };
    const first = await imageOf(start);
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{json .Config.Labels}}', first]);
    expect(stdout).toMatch(/net-misc\/curl-7\.88\.1.* sys-libs\/zlib-1\.2\.13/);
    const version = (await runLine(use.replace('gentoo-c0de', first))).stdout;
    expect(version).toMatch(/^curl 7\.88\.1 .*zlib\/1\.2\.13/);
    await using terminal = await PseudoTerminal.open(shell.replace('gentoo-c0de', first), process.env);
    terminal.type('emerge --pretend --quiet --color=n app-misc/motto; exit\n');
    await terminal.see(/ebuild +N[^\r\n]*app-misc\/motto/);

    const made = uniqueName('document');
    builder.removeLater({ image: made });
    const args = Object.entries(await builderBuildArguments(findBases(await findEngine())));
    const here = args.map(([key, value]) => `--build-arg ${key}=${value}`).join(' ');
    await runLine(build.replace('-t gentoo-builder', `-t ${made} ${here}`));
    const own = await imageOf(runImage.replace(' gentoo-builder ', ` ${made} `));
    // With the same inputs, the image is the same one.
    expect(await imageOf(`${captured}; echo "$image"`)).toBe(own);
    const binpkgs = uniqueName('document-binpkgs');
    builder.removeLater({ volume: binpkgs });
    await imageOf(mounted.replace('/srv/gentoo:', 'gentoo-repository:').replace(' binpkgs:', ` ${binpkgs}:`));
  });

  it('case 6.1: plan, tag, build on the result, and build again, also if a user has the images of README', async ({
    builder,
  }) => {
    const named = uniqueName('tree');
    const imageOfUser = async () => (await run('docker', ['images', '--quiet', 'my/tree'])).stdout;
    const before = await imageOfUser();
    const [plan = '', tag = '', onTop = '', again = '', use = ''] = readCommands(
      'README.md',
      '## gentoo-builder in five commands',
      5,
    ).map((line) => line.replaceAll('my/tree', named));
    builder.removeLater({ image: named });
    expect((await runLine(plan)).stdout).toContain('app-text/tree');
    const images: string[] = [];
    for (const line of [tag, onTop]) {
      const { stdout } = await runLine(line);
      expect(stdout).toMatch(/^gentoo-[0-9a-f]{4,}\n$/);
      images.unshift(stdout.trim());
    }
    const { image, unchanged } = JSON.parse((await runLine(again)).stdout) as { image: string; unchanged: boolean };
    expect(unchanged).toBe(false);
    for (const name of [image, ...images]) builder.removeLater({ image: name });
    expect((await runLine(use)).stdout).toMatch(/^tree v2/);
    expect(await imageOfUser()).toBe(before);
  });
});

describe('packages of the ministage', () => {
  it('case 5.1: are built with the USE flags that others need of them, if emerge may change these', async ({
    builder,
  }) => {
    const options = ['--emerge-option=--autounmask=y', '--emerge-option=--autounmask-continue=y'];
    const { status, stderr } = await builder.run([...options, 'app-misc/greet[loud]']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toMatch(/^.*>=app-misc\/greet-1\.0 loud$/m);
    expect(stderr).toMatch(/^.*>=dev-libs\/greeting-2\.0 shout$/m);
  });

  it('are real: hello and tree are compiled from their sources, and run', async ({ builder }) => {
    const { status, image, stderr } = await builder.run(['app-misc/hello', 'app-text/tree']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(await builder.runInImage(image, 'hello')).toContain('Hello, world!');
    expect(await builder.runInImage(image, 'tree', '--version')).toMatch(/^tree v2/);
  });
});
