import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { help } from '../../src/cli/help.ts';
import { exitStatuses } from '../../src/failure.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** The scripts that a command line of the program loads, by what Node's coverage says. */
async function loadedScripts(...args: string[]): Promise<{ stdout: string; scripts: string[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-'));
  try {
    const { stdout } = await run(process.execPath, [join(root, 'src/gentoo-builder.ts'), ...args], {
      env: { ...process.env, NODE_V8_COVERAGE: directory, DOCKER_HOST: 'unix:///nowhere' },
    });
    const [file = ''] = await readdir(directory);
    const coverage = JSON.parse(await readFile(join(directory, file), 'utf8')) as { result: { url: string }[] };
    return { stdout, scripts: coverage.result.map(({ url }) => url) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('the program', () => {
  it.each([['--help'], ['--version']])('answers %s without loading an engine client', async (option) => {
    const { stdout, scripts } = await loadedScripts(option);
    expect(stdout).toMatch(/gentoo-builder/);
    expect(scripts.some((url) => url.endsWith('/src/gentoo-builder.ts'))).toBe(true);
    expect(scripts.filter((url) => /dockerode|docker-modem|\/src\/engine\/|\/src\/build\/|pino/.test(url))).toEqual([]);
  });
});

describe('a defect of the program', () => {
  it('ends it with 1, its stack and a request to report it', async () => {
    const broken =
      'data:text/javascript,globalThis.AbortController = class { constructor() { throw new Error("broken") } }';
    const args = ['--import', broken, join(root, 'src/gentoo-builder.ts'), 'app-misc/hello'];
    const outcome = run(process.execPath, args, { env: { ...process.env, DOCKER_HOST: 'unix:///nowhere' } });
    await expect(outcome).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Error: broken[^]*report it/),
    });
  });
});

describe('an engine, or what is in front of it, that refuses the first look at a container', () => {
  it('ends the program with 19 and its words', async () => {
    const version = JSON.stringify({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' });
    const server = createServer(({ url }, response) =>
      url === '/version' ? response.end(version) : response.writeHead(403).end('{"message":"not for you"}'),
    ).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const args = [join(root, 'src/gentoo-builder.ts'), 'app-misc/hello'];
    const outcome = run(process.execPath, args, { env: { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}` } });
    await expect(outcome).rejects.toMatchObject({
      code: 19,
      stderr: expect.stringContaining('the engine says: not for you'),
    });
  });
});

describe('README', () => {
  it('lists every exit status with its code', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| ([\d, ]+?) +\| ((?:`[a-z-]+`(?:, )?)*) +\|/gm)].flatMap(
      ([, statuses = '', codes = '']) => {
        const numbers = statuses.split(', ').map(Number);
        const names = [...codes.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
        return names.map((name, index) => [name, numbers[index] ?? numbers[0]] as const);
      },
    );
    expect(Object.fromEntries(rows)).toEqual({ defect: 1, ...exitStatuses });
  });

  it('lists every option of --help, and no other', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const table = readme.slice(readme.indexOf('## Options'), readme.indexOf('## Exit statuses'));
    const optionsOf = (text: string) =>
      new Set([...text.matchAll(/^(?:\| `|  )(--[a-z-]+)|, `?(--version)/gm)].map(([, a, b]) => a ?? b));
    expect(optionsOf(table)).toEqual(optionsOf(help));
  });
});

describe('Dockerfile', () => {
  it('labels the image with the version of the program', async () => {
    const [dockerfile, manifest] = await Promise.all(
      ['Dockerfile', 'package.json'].map((file) => readFile(join(root, file), 'utf8')),
    );
    const { version } = JSON.parse(manifest ?? '') as { version: string };
    expect(dockerfile).toContain(`\nARG VERSION=${version}\n`);
  });

  it('of gentoo-base starts from the public stage unless it is told otherwise', async () => {
    expect(await readFile(join(root, 'gentoo-base/Dockerfile'), 'utf8')).toContain(
      '\nARG STAGE=gentoo/stage3:latest\n',
    );
  });

  it.each([
    'Dockerfile',
    'gentoo-base/Dockerfile',
    'least-privilege/Dockerfile',
    'ministage/Dockerfile',
    'test/support/faults/Dockerfile',
  ])('%s has nothing that one of the builders does not take', async (file) => {
    const text = await readFile(join(root, file), 'utf8');
    expect(text).not.toMatch(/^#\s*syntax=|RUN\s+--mount|--chmod|--link|<<[-~]?['"]?[A-Z]|TARGETARCH/m);
  });
});
