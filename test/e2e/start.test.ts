import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { defaultVolumes } from '../../src/build/mounts.ts';
import { it } from '../support/builder.ts';
import { projectDirectory } from '../support/readme.ts';
import { rawDocker } from '../support/real-engine.ts';
import { runProgram } from '../support/run-program.ts';

const run = promisify(execFile);

/** `npm start -- ARGS`, without what npm itself prints. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...environment };
  return runProgram('npm', ['--silent', 'start', '--', ...args], { cwd: projectDirectory, env });
}

async function existingVolumes(): Promise<string[]> {
  const { Volumes } = await rawDocker().listVolumes();
  const names = new Set<string>(Object.values(defaultVolumes));
  return (Volumes ?? []).map(({ Name }) => Name).filter((name) => names.has(name));
}

describe('npm start', () => {
  it('builds on the ministage, in volumes that are made and filled on first use, and repeats no step', async ({
    builder,
  }) => {
    const before = await existingVolumes();
    for (const volume of Object.values(defaultVolumes)) if (!before.includes(volume)) builder.removeLater({ volume });
    const first = await start(['app-misc/motto']);
    expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^gentoo-[0-9a-f]{4,}\n$/) as string });
    builder.removeLater({ image: first.stdout.trim() });
    for (const volume of Object.values(defaultVolumes)) {
      if (!before.includes(volume)) expect(first.stderr).toContain(`note: made the volume ${volume}`);
    }
    const second = await start(['--base=gentoo-ministage', 'app-misc/motto']);
    builder.removeLater({ image: second.stdout.trim() });
    expect(second.status).toBe(0);
    expect(second.stderr).not.toMatch(/install|make image|note: made/);
    expect(second.stderr.split('\n')[0]).toMatch(/^\[1\/7\] preconditions/);
  });

  it('hands on the status of a build that fails, and its failures', async () => {
    const { status, stdout, stderr } = await start(['../x']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain("'../x'");
  });

  it.for([['--help'], ['--version']])('answers %s without an engine', async ([option = '']) => {
    const { status, stdout } = await start([option], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('gentoo-builder') as string });
  });

  it('ends with 10 and a hint where the engine that is named does not answer', async () => {
    const { status, stdout, stderr } = await start(['app-misc/motto'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect({ status, stdout }).toEqual({ status: 10, stdout: '' });
    expect(stderr).toMatch(/nowhere[^]*hint: /);
  });
});

describe('the packages of the README', () => {
  it('are real: curl is compiled from its source against zlib, and runs', async ({ builder }) => {
    const { status, image, stderr } = await builder.run(['net-misc/curl', 'app-misc/hello', 'app-text/tree']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const version = await builder.runInImage(image, 'curl', '--version');
    expect(version).toMatch(/^curl 7\.88\.1 .*zlib\/1\.2\.13/);
    expect(await builder.runInImage(image, 'hello')).toContain('Hello, world!');
    expect(await builder.runInImage(image, 'tree', '--version')).toMatch(/^tree v2/);
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{json .Config.Labels}}', image]);
    expect(stdout).toMatch(/net-misc\/curl-7\.88\.1.* sys-libs\/zlib-1\.2\.13/);
  });
});
