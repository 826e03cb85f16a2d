import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { it as test, remainsOf, workVolumesOf, type Builder, type BuilderOptions } from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

/** A test with a directory of the engine's host (this machine), for files that a test passes instead of a socket or a tree. */
const it = test.extend<{ directory: string }>({
  // eslint-disable-next-line no-empty-pattern -- the test runner wants the pattern
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-'));
    await use(directory);
    await rm(directory, { recursive: true });
  },
});

/** Runs a builder behind a proxy. Returns its requests to the engine, and the objects that it left there. */
async function watch(builder: Builder, args: readonly string[], options: BuilderOptions = {}) {
  await using proxy = await EngineProxy.open();
  const outcome = await builder.run(args, { ...options, socket: proxy.socketPath });
  const requests = proxy.requests.map((request) => request.replace(/ \/v[\d.]+\//, ' /'));
  // By its own work volumes: to see whether other builders are gone, it makes containers with their names, too.
  const work = requests.flatMap(
    (request) => /\/volumes\/create\?Name=(gentoo-builder-[0-9a-f]{16})\b/.exec(request)?.[1] ?? [],
  );
  const names = [...new Set(work)];
  const containers =
    names.length === 0 ? [] : await rawDocker().listContainers({ all: true, filters: { name: names } });
  return { ...outcome, requests, left: [...containers.map(({ Id }) => Id), ...(await workVolumesOf(outcome.id))] };
}

/**
 * The requests of a run that change something on the engine. A container that is made to look into an image or a volume counts
 * only if it is started; a volume of the run marks such containers.
 */
function changesOf(requests: readonly string[]): readonly string[] {
  const looks =
    /^(?:GET|HEAD|DELETE) |^POST \/(?:containers\/create\?n|volumes\/create\?N)ame=gentoo-builder-[0-9a-f]{16}\b/;
  return requests.filter((request) => !looks.test(request));
}

/** Expects that a run changed nothing and failed with exactly the given failures, in their order. */
async function expectRefusal(
  run: Awaited<ReturnType<typeof watch>> | Awaited<ReturnType<Builder['run']>>,
  status: number,
  ...failures: readonly (string | RegExp)[]
): Promise<void> {
  expect({ ...run }).toMatchObject({ status, stdout: '' });
  const told = run.stderr.split(/^gentoo-builder: /m).slice(1);
  expect(told).toHaveLength(failures.length);
  // The engine's message is in the failure's message, and is not repeated as the cause.
  expect(run.stderr).not.toContain('caused by: (HTTP code');
  for (const [index, failure] of failures.entries()) expect(told[index]).toMatch(failure);
  if ('requests' in run) expect({ deeds: changesOf(run.requests), left: run.left }).toEqual({ deeds: [], left: [] });
}

describe('invalid arguments', () => {
  it('get three lines of usage if there are none at all', async ({ builder }) => {
    const { status, stdout, stderr } = await builder.run([], { base: '', ownVolumes: false });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^gentoo-builder: usage: gentoo-builder \[options\] PACKAGE\.\.\.\n.*\n.*--help lists the options\n$/,
    );
  });

  it.for([
    [['--pretend', 'app-misc/motto'], "unknown option '--pretend'"],
    [['-C', 'glibc'], "unknown option '-C'"],
  ] as const)(
    'are named, and the engine is not even asked, for options that there are not: %j',
    async ([args, message], { builder }) => {
      const run = await watch(builder, args);
      await expectRefusal(run, 2, message);
      expect(run.requests).toEqual([]);
    },
  );

  it('are reported as one object with --json', async ({ builder }) => {
    const { status, stdout, stderr } = await builder.run([
      '--json',
      '--log-format=json',
      '--pretend',
      'app-misc/motto',
    ]);
    const message = "failed to read the command line: unknown option '--pretend'";
    const failure = { code: 'usage', exitStatus: 2, message, hint: 'run gentoo-builder --help to list the options' };
    expect({ status, stdout: JSON.parse(stdout) as unknown }).toEqual({ status: 2, stdout: { failures: [failure] } });
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', event: 'failed', msg: message, exitStatus: 2 });
  });

  it('are named, and nothing is started, if they are no packages', async ({ builder }) => {
    const packages = ['; rm -rf /', '../x', '', '--pretend', '$(id)', 'app-misc/motto'];
    const run = await watch(builder, ['--', ...packages]);
    const names = [
      "'; rm -rf /': contains white space",
      "'../x': looks like a file",
      "'': empty",
      "'--pretend': looks like an option",
      "'$(id)': contains $",
    ];
    await expectRefusal(run, 2, ...names.map((name) => `failed to read the package ${name}`));
  });

  it('are all listed if there are several faults, and the first fault decides the status', async ({
    builder,
    directory,
  }) => {
    await writeFile(join(directory, 'mail'), '');
    const args = ['--tree', directory, '--min-free=900T', '--make-conf=/nowhere.conf', '; rm -rf /'];
    const run = await watch(builder, args, { base: 'gentoo-builder' });
    await expectRefusal(
      ...[run, 13, `failed to use the tree ${directory}: it is neither empty nor an ebuild repository`],
      ...["failed to read the package '; rm -rf /'", 'failed to read the make.conf /nowhere.conf: '],
      ...[
        'failed to use the base gentoo-builder: it has no emerge',
        /failed to find room for a build: \d+ MiB are free/,
      ],
    );
  });
});

describe('an engine that cannot be used', () => {
  const option = '-v /var/run/docker.sock:/var/run/docker.sock';
  const failure = 'failed to reach the Docker engine at /var/run/docker.sock: ';

  it('has no socket in the container', async ({ builder }) => {
    const run = await builder.run(['app-misc/motto'], { socket: null });
    await expectRefusal(
      run,
      10,
      `${failure}nothing is there\n  hint: in a container, add the option ${option} to docker run`,
    );
  });

  it('has a regular file at the path of its socket', async ({ builder, directory }) => {
    const socket = join(directory, 'file');
    await writeFile(socket, '');
    await expectRefusal(await builder.run(['app-misc/motto'], { socket }), 10, `${failure}it is a file, not a socket`);
  });

  it('has a directory at the path of its socket, which the engine made', async ({ builder, directory }) => {
    const run = await builder.run(['app-misc/motto'], { socket: join(directory, 'missing') });
    await expectRefusal(
      run,
      10,
      `${failure}it is a directory, not a socket; docker run -v makes a directory of a path that is missing`,
    );
    expect(run.stderr).toContain(
      `remove the empty directory and start the Docker engine, then run again with the option ${option}`,
    );
  });

  it('does not listen on its socket', async ({ builder, directory }) => {
    const server = createServer();
    const [bound, socket] = [join(directory, 'bound'), join(directory, 'dead')];
    await once(server.listen(bound), 'listening');
    // Closing a server removes the socket that it was bound to, by its name.
    await rename(bound, socket);
    await new Promise((resolve) => server.close(resolve));
    await expectRefusal(await builder.run(['app-misc/motto'], { socket }), 10, `${failure}no engine listens on it`);
  });

  it('refuses the user that the builder runs as', async ({ builder }) => {
    const run = await builder.run(['; rm -rf /'], { docker: ['--user=1000'] });
    await expectRefusal(
      run,
      11,
      /permission denied to user 1000; [^]*--group-add \d+/,
      "failed to read the package '; rm -rf /'",
    );
    expect(run.stderr).toContain(option);
  });

  it('is too old', async ({ builder, directory }) => {
    await using engine = await serve(join(directory, 'docker.sock'), ({ answer }) => {
      answer(200, { Version: '19.03.15', ApiVersion: '1.40', MinAPIVersion: '1.12' });
    });
    const run = await builder.run(['app-misc/motto'], { socket: join(directory, 'docker.sock') });
    await expectRefusal(run, 12, 'failed to use Docker engine 19.03.15: its API 1.40 is older than 1.41');
    expect(run.stderr).toContain('hint: upgrade the engine');
    expect(engine.requests).toEqual(['GET /_ping', 'GET /version']);
  });
});

describe('a tree that cannot be used', () => {
  const withTree = (source: string, mode = 'rw') => ({
    ownVolumes: false,
    docker: ['-v', `${source}:/var/db/repos/gentoo:${mode}`],
  });

  it('is an empty directory, which --create-tree would fill', async ({ builder, directory }) => {
    const run = await watch(builder, ['app-misc/motto'], withTree(directory));
    await expectRefusal(
      run,
      13,
      `failed to use the tree ${directory}: it is empty\n  hint: to fill it by a sync, add --create-tree`,
    );
  });

  it('is an empty volume that --no-sync leaves empty', async ({ builder }) => {
    const run = await watch(builder, ['--no-sync', 'app-misc/motto']);
    await expectRefusal(
      run,
      13,
      `the volume ${builder.volumes.tree}: it is empty and --no-sync forbids filling it\n  hint: omit --no-sync`,
    );
  });

  it('is a directory that contains other files', async ({ builder, directory }) => {
    await mkdir(join(directory, 'photographs'));
    const run = await watch(builder, ['--create-tree', 'app-misc/motto'], withTree(directory));
    await expectRefusal(
      run,
      13,
      `${directory}: it is neither empty nor an ebuild repository (no profiles/repo_name, no repo-name in metadata/layout.conf)`,
    );
  });

  it('is mounted read-only, and has to be synced', async ({ builder, directory }) => {
    await mkdir(join(directory, 'profiles'));
    await writeFile(join(directory, 'profiles/repo_name'), 'gentoo\n');
    const run = await watch(builder, ['app-misc/motto'], withTree(directory, 'ro'));
    await expectRefusal(
      run,
      13,
      `${directory}: it is mounted read-only, and a sync writes to it\n  hint: mount it without :ro, or add --no-sync`,
    );
  });

  it.for(['/nowhere/at/all', uniqueName('no-volume')])('does not exist: %s', async (tree, { builder }) => {
    const run = await watch(builder, ['--tree', tree, 'app-misc/motto']);
    await expectRefusal(
      run,
      13,
      /there is no such volume or directory on the engine's host\n {2}hint: create it, or omit --tree: then the volume/,
    );
  });
});

describe('a host that lacks a requirement', () => {
  it('lacks the directory for the logs', async ({ builder }) => {
    const run = await watch(builder, ['--log-dir=/nowhere/at/all', 'app-misc/motto']);
    await expectRefusal(
      run,
      18,
      /failed to mount \/nowhere\/at\/all: .*does not exist.*\n {2}hint: create it on the engine's host: mkdir -p/,
    );
  });

  it('has too little disk space', async ({ builder }) => {
    const run = await watch(builder, ['--min-free=900T', 'app-misc/motto']);
    await expectRefusal(
      run,
      15,
      /\d+ MiB are free .*, but --min-free requires 943718400 MiB\n {2}hint: free disk space \(`docker system df`/,
    );
  });
});

describe('a base that cannot be used', () => {
  /** The outcome of a run whose base has to be pulled, and the number of its attempts. */
  async function pull(builder: Builder, base: string) {
    const { requests, ...run } = await watch(builder, ['app-misc/motto'], { base });
    const pulls = requests.filter((request) => request.startsWith('POST /images/create?'));
    expect({ deeds: changesOf(requests), left: run.left }).toEqual({ deeds: pulls, left: [] });
    return { ...run, pulls: pulls.length };
  }

  it('has no emerge', async ({ builder }) => {
    const run = await watch(builder, ['app-misc/motto'], { base: 'gentoo-builder' });
    await expectRefusal(
      run,
      14,
      'failed to use the base gentoo-builder: it has no emerge (/usr/bin/emerge)\n  hint: name an image that has Portage: ',
    );
  });

  it('is in a registry whose name cannot be resolved', async ({ builder }) => {
    const run = await pull(builder, 'registry.invalid/stage');
    await expectRefusal(
      run,
      14,
      /^failed to find the base registry\.invalid\/stage: its registry cannot be reached \(.*\)\n {2}hint: check the network/,
    );
  });

  it('is in a registry that does not answer', async ({ builder }) => {
    // Nothing listens on port 1, and no other program gets it.
    const run = await pull(builder, '127.0.0.1:1/stage');
    await expectRefusal(
      run,
      14,
      /its registry cannot be reached \(.*connection refused\)\n {2}hint: check the network of the engine/,
    );
    expect(run.pulls).toBe(1);
  });

  it('is not in its registry', async ({ builder }) => {
    await using registry = await serve(0, refuse(404, 'MANIFEST_UNKNOWN', 'manifest unknown'));
    const run = await pull(builder, `${registry.address}/stage`);
    await expectRefusal(run, 14, /there is no such image \(manifest unknown.*\)\n {2}hint: check the spelling/);
    expect(run.pulls).toBe(1);
  });

  it('is in a registry that requires a login', async ({ builder }) => {
    await using registry = await serve(0, ({ answer }) => {
      answer(401, { errors: [] }, { 'www-authenticate': 'Basic realm="test"' });
    });
    const run = await pull(builder, `${registry.address}/stage`);
    await expectRefusal(
      run,
      14,
      /its registry requires a login \(.*no basic auth credentials\)\n {2}hint: log in on the machine of the engine/,
    );
    expect(run.pulls).toBe(1);
  });

  it('is in a registry that limits requests, which fails after several attempts', async ({ builder }) => {
    await using registry = await serve(0, refuse(429, 'TOOMANYREQUESTS', 'slow down'));
    const run = await pull(builder, `${registry.address}/stage`);
    await expectRefusal(
      run,
      14,
      /its registry limits the number of pulls \(toomanyrequests: slow down\)\n {2}hint: wait, or log in/,
    );
    expect(run.stderr.match(/^warning: the pull of \S+ failed .* trying again in \d+ s$/gm)).toHaveLength(3);
    expect(run.pulls).toBe(4);
  });

  it('is pulled from a registry that first fails, and is then checked', async ({ builder }) => {
    const image = emptyImage();
    const stumble = refuse(503, 'UNAVAILABLE', 'later');
    let handle = stumble;
    await using registry = await serve(0, (exchange) => handle(exchange));
    const base = `${registry.address}/stage`;
    builder.removeLater({ image: base });
    const running = builder.start(['app-misc/motto'], { base });
    await running.said(/^warning: the pull of .* failed \(.*503.*\); trying again in \d+ s$/m);
    handle = image;
    await expectRefusal(await running.outcome, 14, `failed to use the base ${base}: it has no emerge`);
    expect((await running.outcome).stderr).toContain(`note: the engine has no image ${base}: pulling it`);
  });
});

describe('--dry-run', () => {
  it('prints the actions of a build and does nothing', async ({ builder }) => {
    const base = await builder.makeImage(stage);
    const run = await watch(
      builder,
      ['--dry-run', '--tag=motto:1', '--use=ssl', '--jobs=2', 'app-misc/motto', '@greetings'],
      { base },
    );
    expect({ ...run }).toMatchObject({ status: 0 });
    const { tree, binpkgs, distfiles, metadata, logs } = builder.volumes;
    expect(run.stdout.trimEnd().split('\n')).toEqual([
      `start a container from ${base}, with`,
      `  the volume ${tree} at /var/db/repos/gentoo (empty), filled`,
      `  the volume ${binpkgs} at /var/cache/binpkgs`,
      `  the volume ${distfiles} at /var/cache/distfiles`,
      `  the volume ${metadata} at /var/cache/edb/dep`,
      `  the volume ${logs} at /var/log/portage`,
      expect.stringMatching(
        /^ {2}a (?:tmpfs of .*|new work volume) at \/var\/tmp\/portage.*, where packages are built$/,
      ),
      'sync the tree by git',
      'if there is an image of the same inputs, return it and stop here; else',
      expect.stringMatching(/^emerge .*--jobs=2 .*app-misc\/motto @greetings$/),
      'with the FEATURES of the base, except',
      expect.stringMatching(/^ {2}-merge-sync: /),
      expect.stringMatching(/^ {2}-merge-wait: /),
      expect.stringMatching(/^ {2}-ipc-sandbox /),
      expect.stringMatching(/^ {2}-news: /),
      'stop it, and commit it as gentoo-<first 4 characters of its id>, named motto:1 as well',
      'remove it',
    ]);
    expect(changesOf(run.requests)).toEqual([]);
    expect(await remainsOf(run.id, base)).toEqual({ volumes: [], containers: [], images: [] });
  });

  it('does not pull the base, and prints one object with --json', async ({ builder }) => {
    const run = await watch(builder, ['--dry-run', '--json', 'app-misc/motto'], { base: 'registry.invalid/stage' });
    expect({ ...run }).toMatchObject({ status: 0 });
    const { dryRun, plan } = JSON.parse(run.stdout) as { dryRun: boolean; plan: string[] };
    expect(dryRun).toBe(true);
    expect(plan[0]).toBe('pull the base registry.invalid/stage, which the engine does not have');
    expect(changesOf(run.requests)).toEqual([]);
  });

  it('fails if a build would fail', async ({ builder }) => {
    const run = await watch(builder, ['--dry-run', '--no-sync', 'app-misc/motto']);
    await expectRefusal(run, 13, 'it is empty and --no-sync forbids filling it');
  });
});

/** A request to a test's own server, with a function that answers it. */
interface Exchange {
  readonly path: string;
  readonly answer: (status: number, body: object | Buffer, headers?: Record<string, string>) => void;
}

/** Serves HTTP on a socket's path or, for 0, on a free port of this machine. */
async function serve(where: string | 0, handle: (exchange: Exchange) => void) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    handle({
      path: request.url ?? '',
      answer(status, body, headers = {}) {
        const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
        response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
        response.end(request.method === 'HEAD' ? '' : bytes);
      },
    });
  });
  if (where === 0) server.listen(0, '127.0.0.1');
  else server.listen(where);
  await once(server, 'listening');
  return {
    requests,
    address: where === 0 ? `127.0.0.1:${(server.address() as AddressInfo).port}` : where,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * A registry that gives the same answer to every request for an image. An engine trusts registries of 127.0.0.0/8 without TLS.
 */
function refuse(status: number, code: string, message: string) {
  return ({ path, answer }: Exchange) => {
    if (path === '/v2/') answer(200, {});
    else answer(status, { errors: [{ code, message }] });
  };
}

/** A registry that has one empty image (Docker Registry HTTP API V2; image manifest version 2, schema 2). */
function emptyImage() {
  const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const blobOf = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: digestOf(bytes) });
  const archive = Buffer.alloc(1024);
  const layer = gzipSync(archive);
  const rootfs = { type: 'layers', diff_ids: [digestOf(archive)] };
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs, history: [{}] }));
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: blobOf('application/vnd.docker.container.image.v1+json', config),
      layers: [blobOf('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
    }),
  );
  const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes]));
  return ({ path, answer }: Exchange) => {
    const blob = blobs.get(path.slice(path.lastIndexOf('/') + 1));
    if (path === '/v2/') answer(200, {});
    else if (path.includes('/manifests/'))
      answer(200, manifest, { 'content-type': mediaType, 'docker-content-digest': digestOf(manifest) });
    else answer(blob ? 200 : 404, blob ?? {}, { 'content-type': 'application/octet-stream' });
  };
}
