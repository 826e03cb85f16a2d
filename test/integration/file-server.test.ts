import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { commandsIn } from '../../src/engine/run-command.ts';
import { startFileServer, type FileServer } from '../../src/serve/file-server.ts';
import { serverEnvironment, useStoreServer } from '../../src/serve/use-store-server.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { must, runProgram } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';

const partition = 'x86_64-pc-linux-gnu/generic/test-0123456789ab';

/** Makes a package of a store, and a source with a repository whose package needs it. */
const script = `
emerge --sync -q
export PKGDIR=/var/cache/binpkgs/${partition}
emerge -q --buildpkg --oneshot app-misc/motto
mkdir -p /source && cd /source && echo source >served-1.txt
cp served-1.txt /var/cache/distfiles/
`;
const repository = `
emerge --sync -q
mkdir -p /var/db/repos/x/metadata /var/db/repos/x/profiles /var/db/repos/x/cat/served /etc/portage/repos.conf
cd /var/db/repos/x
echo x >profiles/repo_name; echo cat >profiles/categories
printf 'masters = gentoo\\nthin-manifests = true\\n' >metadata/layout.conf
printf '[x]\\nlocation = /var/db/repos/x\\nauto-sync = no\\n' >/etc/portage/repos.conf/x.conf
printf 'EAPI=8\\nDESCRIPTION="x"\\nSLOT="0"\\nKEYWORDS="amd64"\\nSRC_URI="https://example.org/served-1.txt"\\n' >cat/served/served-1.ebuild
echo source >/tmp/served-1.txt
echo "DIST served-1.txt $(stat -c %s /tmp/served-1.txt) SHA512 $(sha512sum /tmp/served-1.txt | cut -d ' ' -f 1)" >cat/served/Manifest
mkdir -p /var/tmp/portage
`;

describe('a server of a store', () => {
  const name = uniqueName('served');
  let engine: Engine;
  let server: FileServer;
  let client: ContainerId;

  beforeAll(async () => {
    engine = await connectEngine(process.env);
    await engine.createNetwork(name, {});
    const mounts = ['-v', `${name}-binpkgs:/var/cache/binpkgs`, '-v', `${name}-distfiles:/var/cache/distfiles`];
    await must('docker', ['run', '--rm', '--init', ...mounts, stage, 'bash', '-ec', script]);
    const image = await engine.inspectImage('gentoo-builder');
    if (image === undefined) throw new Error('there is no image gentoo-builder');
    const directories = ['binpkgs', 'distfiles'].map((word) => ({
      ...{ name: word, path: `/var/cache/${word}` },
      mount: { type: 'volume', source: `${name}-${word}` } as const,
    }));
    server = await startFileServer(engine, { name: `${name}-server`, image: image.id, network: name, directories });
    const options = ['--detach', '--init', '--network', name, '--name', `${name}-client`];
    client = (await must('docker', ['run', ...options, stage, 'sleep', 'infinity'])).trim() as ContainerId;
    await must('docker', ['exec', `${name}-client`, 'bash', '-ec', repository]);
    const index = await must('docker', ['exec', server.container, 'cat', `/var/cache/binpkgs/${partition}/Packages`]);
    const session = { ...commandsIn(engine, client), engine, id: client };
    await useStoreServer(session, { network: name, url: `http://${server.address}` }, new Map([[partition, index]]));
  });
  afterAll(async () => {
    await rawDocker().getContainer(`${name}-client`).remove({ force: true, v: true });
    await server[Symbol.asyncDispose]();
    await engine.removeNetwork(name);
    for (const word of ['binpkgs', 'distfiles']) await engine.removeVolume(`${name}-${word}`);
  });

  const emerge = (...args: readonly string[]) => {
    const environment = serverEnvironment({ network: name, url: `http://${server.address}` });
    const variables = Object.entries(environment).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
    return runProgram('docker', ['exec', ...variables, `${name}-client`, 'emerge', ...args]);
  };
  const askedFor = async () => {
    const log = await must('docker', ['exec', server.container, 'cat', '/tmp/access.log']);
    return [...log.matchAll(/"(\w+) (\S+) HTTP\/1\.\d" (\d+)/g)].map(([, method, path, status]) => [
      method,
      path,
      status,
    ]);
  };

  it('gives Portage a package of a frozen index, and no index', async () => {
    const { status, stdout, stderr } = await emerge('--usepkgonly', '--getbinpkg', '--oneshot', 'app-misc/motto');
    expect(status, stdout + stderr).toBe(0);
    const asked = await askedFor();
    expect(asked).toEqual([
      ['GET', expect.stringMatching(`^/binpkgs/${partition}/app-misc/motto/motto-.*\\.gpkg\\.tar$`), '200'],
    ]);
  });

  it('gives Portage a source before its own mirrors are asked', async () => {
    const { status, stdout, stderr } = await emerge('--fetchonly', 'cat/served');
    expect(status, stdout + stderr).toBe(0);
    expect(await askedFor()).toContainEqual(['GET', '/distfiles/served-1.txt', '200']);
  });

  it('gives Portage a package that changed on the way in vain', async () => {
    const change = `cd /var/cache/binpkgs/${partition}/app-misc/motto && printf CHANGED | dd of="$(ls *.gpkg.tar)" bs=1 seek=2000 conv=notrunc status=none`;
    await must('docker', ['run', '--rm', '-v', `${name}-binpkgs:/var/cache/binpkgs`, stage, 'bash', '-ec', change]);
    await must('docker', ['exec', `${name}-client`, 'rm', '-rf', '/var/cache/binhost', '/var/cache/binpkgs/app-misc']);
    await must('docker', ['exec', `${name}-client`, 'emerge', '-q', '--unmerge', 'app-misc/motto']);
    const { status, stdout, stderr } = await emerge('--usepkgonly', '--getbinpkg', '--oneshot', 'app-misc/motto');
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(/Failed on \w+ verification/);
  });

  it('answers neither writers nor other paths', async () => {
    const program = `import urllib.request as u, urllib.error as e
for method, path in (("PUT", "/binpkgs/x"), ("DELETE", "/distfiles/served-1.txt"), ("GET", "/etc/passwd"), ("GET", "/binpkgs/../etc/passwd"), ("GET", "/binpkgs/")):
    try: print(u.urlopen(u.Request("http://${server.address}" + path, method=method)).status)
    except e.HTTPError as error: print(error.code)
`;
    const said = await must('docker', ['exec', `${name}-client`, 'python3', '-c', program]);
    expect(said.trim().split('\n')).toEqual(['403', '403', '404', '404', '403']);
  });
});
