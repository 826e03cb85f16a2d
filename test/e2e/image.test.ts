import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { findBases } from '../../setup/images/base-images.js';
import { findEngine } from '../../setup/engine/engine.js';
import { rawDocker } from '../support/real-engine/real-engine.ts';

const run = promisify(execFile);
const image = 'gentoo-builder';

/** The base of the builder's image, which set-up has chosen. Its layers are the first layers of the builder's image. */
async function runtimeImage() {
  const docker = rawDocker();
  const { RootFS } = await docker.getImage(image).inspect();
  const base = await docker.getImage(await findBases(await findEngine()).get('node-runtime')).inspect();
  const layers = base.RootFS.Layers ?? [];
  expect(RootFS.Layers?.slice(0, layers.length)).toEqual(layers);
  return base;
}

async function inImage(...command: [string, ...string[]]): Promise<string> {
  const [entrypoint, ...args] = command;
  const { stdout } = await run('docker', [
    'run',
    '--rm',
    '--network=none',
    `--entrypoint=${entrypoint}`,
    image,
    ...args,
  ]);
  return stdout;
}

describe('the image gentoo-builder', () => {
  it('is at most 1.15 times as large as its Node runtime image', async () => {
    const { Size } = await rawDocker().getImage(image).inspect();
    expect(Size / (await runtimeImage()).Size).toBeLessThanOrEqual(1.15);
  });

  it('carries one bundle and no node_modules', async () => {
    const files = await inImage('find', '/usr/lib/gentoo-builder', '-type', 'f', '-name', '*.js');
    const names = files.trim().split('\n');
    expect(names.filter((name) => name.includes('node_modules'))).toEqual([]);
    expect(names).toContain('/usr/lib/gentoo-builder/entrypoint/gentoo-builder.js');
    const look = "grep -lE 'grpc\\.Client|ssh-userauth' /usr/lib/gentoo-builder/dist/*.js || echo none";
    expect(await inImage('sh', '-c', look)).toBe('none\n');
  });

  it('has the SSH client, with all its libraries', async () => {
    expect(await inImage('ssh', '-G', '-o', 'Port=2222', 'far')).toMatch(/^port 2222$/m);
    expect(await inImage('sh', '-c', 'ldd /usr/bin/ssh')).not.toContain('not found');
  });

  it('has no certificate of this machine, and no address of its mirrors', async () => {
    const own = await inImage(
      'sh',
      '-c',
      'ls /usr/local/share/ca-certificates 2>/dev/null; cat /etc/ssl/certs/ca-certificates.crt 2>/dev/null; true',
    );
    const host = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => '');
    const { stdout } = await run('sh', ['-c', 'cat /usr/local/share/ca-certificates/*.crt 2>/dev/null; true']);
    const local = [...stdout.matchAll(/-----BEGIN CERTIFICATE-----[^-]+/g)].map(([text]) => text.replaceAll(/\s/g, ''));
    expect(local.filter((certificate) => own.replaceAll(/\s/g, '').includes(certificate))).toEqual([]);
    if (local.length > 0) expect(own).not.toBe(host);
    const { Config, ContainerConfig } = await rawDocker().getImage(image).inspect();
    expect(JSON.stringify([Config.Env, ContainerConfig?.Env])).not.toMatch(/CERT|MIRROR|CAFILE|http/i);
  });

  it('runs the compiled code that its build made from the programs', async () => {
    const look = (name: string) =>
      `require('/usr/lib/gentoo-builder/entrypoint/run-bundle.js').loadBundle('${name}').script.cachedDataRejected`;
    const program = `console.log(${look('gentoo-builder')}, ${look('zentoo')})`;
    expect(await inImage('node', '--max-semi-space-size=2', '--eval', program)).toBe('false false\n');
    // V8 accepts compiled code only for the options that it was made with.
    expect(await inImage('node', '--stack-size=900', '--eval', program)).toBe('true true\n');
  });

  it('has both programs on its path', async () => {
    expect(await inImage('zentoo', '--version')).toBe(`zentoo ${packageJson.version}\n`);
    expect(await inImage('gentoo-builder', '--version')).toBe(`gentoo-builder ${packageJson.version}\n`);
    // The image's entrypoint and the program that is run by name must behave alike.
    const { Config } = await rawDocker().getImage(image).inspect();
    const [node = '', ...options] = [Config.Entrypoint ?? []].flat().slice(0, -1);
    const launchers = await inImage('head', '-qn1', '/usr/local/bin/zentoo', '/usr/local/bin/gentoo-builder');
    expect(launchers).toBe(`#!/usr/bin/env -S ${[node, ...options].join(' ')}\n`.repeat(2));
  });

  it('declares the volumes that --volumes-from passes to other containers', async () => {
    const { Config } = await rawDocker().getImage(image).inspect();
    expect(Object.keys(Config.Volumes ?? {}).sort()).toEqual([
      '/var/cache/binpkgs',
      '/var/cache/distfiles',
      '/var/db/repos/gentoo',
    ]);
    expect(Config.Labels).toMatchObject({ 'org.opencontainers.image.title': image });
  });

  it('prints its version and its options without an engine', async () => {
    const quiet = async (...args: string[]) =>
      (await run('docker', ['run', '--rm', '--network=none', image, ...args])).stdout;
    expect(await quiet('--version')).toBe(`gentoo-builder ${packageJson.version}\n`);
    expect(await quiet('--help')).toMatch(/^usage: gentoo-builder/);
  });
});
