import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import { contractScripts, describeEngineContract } from '../support/engine-contract.ts';
import { serveEngine, type EngineServer } from '../support/engine-server/engine-server.ts';
import { FakeEngine } from '../support/fake-engine/fake-engine.ts';
import { RunningProgram } from '../support/run-program.ts';
import { SshServer, type SshServerOptions } from '../support/ssh-server.ts';
import { contractEngine } from '../unit/engine/contract-engine.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');

/** A server of SSH with an engine in memory; `stack` ends both. */
async function openServer(stack: AsyncDisposableStack, options?: SshServerOptions): Promise<SshServer> {
  const engine: EngineServer = stack.use(await serveEngine(new FakeEngine()));
  return stack.use(await SshServer.open(engine.host.slice('unix://'.length), options));
}

describeEngineContract('over SSH', async () => {
  const stack = new AsyncDisposableStack();
  const memory = stack.use(contractEngine('docker'));
  const { host } = stack.use(await serveEngine(memory));
  const server = stack.use(await SshServer.open(host.slice('unix://'.length)));
  const engine = await connectEngine(server.environment);
  return {
    engine,
    image: 'contract-base',
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
    },
  };
});

describe('an engine behind SSH', () => {
  const stack = new AsyncDisposableStack();
  let server: SshServer;
  beforeAll(async () => {
    server = await openServer(stack);
  });
  afterAll(() => stack.disposeAsync());

  it('is reached over one master connection, whose sessions are used again', async () => {
    const logins = server.count(/Accepted publickey/);
    const engine = await connectEngine(server.environment);
    for (let n = 0; n < 5; n++) await engine.version();
    await Promise.all(Array.from({ length: 4 }, () => engine.version()));
    expect(engine.address).toBe('ssh://far');
    expect(server.count(/Accepted publickey/) - logins).toBe(1);
    expect(await server.said(/Starting session: command/)).toBeLessThanOrEqual(4);
  });

  it('is reached over another master connection after the first one has ended', async () => {
    await using own = new AsyncDisposableStack();
    const machine = await openServer(own);
    const engine = await connectEngine(machine.environment);
    const [control = ''] = globSync(join(machine.directory, 'tmp/gentoo-ssh-*/master'));
    const files = watch(dirname(control));
    await machine.drop();
    while (existsSync(control)) await once(files, 'change');
    files.close();
    await Promise.all([engine.version(), engine.version()]);
    expect(machine.count(/Accepted publickey/)).toBe(2);
  });

  it('may be another engine than that of the docker command there', async () => {
    const DOCKER_HOST = `ssh://root@far:22${join(server.directory, 'engine')}`;
    expect((await connectEngine({ ...server.environment, DOCKER_HOST })).address).toBe(DOCKER_HOST);
  });

  it('is that of a context of the Docker CLI', async () => {
    const DOCKER_CONFIG = join(server.directory, 'docker');
    const place = join(DOCKER_CONFIG, 'contexts/meta', createHash('sha256').update('there').digest('hex'));
    mkdirSync(place, { recursive: true });
    writeFileSync(
      join(place, 'meta.json'),
      JSON.stringify({ Name: 'there', Endpoints: { docker: { Host: 'ssh://far' } } }),
    );
    const environment = { ...server.environment, DOCKER_HOST: '', DOCKER_CONTEXT: 'there', DOCKER_CONFIG };
    expect((await connectEngine(environment)).address).toBe('ssh://far');
  });

  it('is reached by further connections if the server allows fewer sessions on one', async () => {
    await using limited = new AsyncDisposableStack();
    const few = await openServer(limited, { settings: ['MaxSessions 2'] });
    const engine = await connectEngine(few.environment);
    const versions = await Promise.all(Array.from({ length: 6 }, () => engine.version()));
    expect(versions).toHaveLength(6);
    expect(few.count(/Accepted publickey/)).toBeGreaterThan(1);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'loses its connection and the private directory with a program that %s ends',
    async (signal) => {
      const before = server.count(/^Disconnected from user root/);
      const TMPDIR = mkdtempSync(join(server.directory, signal));
      const files = watch(TMPDIR);
      const builder = new RunningProgram(process.execPath, [program, '--progress=plain', '--base=none', 'app-misc/x'], {
        env: { ...server.environment, TMPDIR },
      });
      await server.said(/Starting session: command/, server.count(/Starting session: command/) + 1);
      builder.kill(signal);
      await builder.outcome;
      await server.said(/^Disconnected from user root/, before + 1);
      while (readdirSync(TMPDIR).length > 0) await once(files, 'change');
      files.close();
    },
  );

  /** Each with ssh's own words in brackets, and what to do. */
  const refusals: readonly Refusal[] = [
    {
      name: 'an unknown host key',
      prepare: () => server.write('known_hosts', ''),
      status: 11,
      message: /: the machine's host key is not known \(Host key verification failed\.\)$/,
      hint: /^connect once by hand, and compare the fingerprint: ssh far$/,
    },
    {
      name: 'a changed host key',
      prepare: () => server.write('known_hosts', server.knownHost('other')),
      status: 11,
      message: /: the machine's host key is not the one that is known \(Host key verification failed\.\)$/,
      hint: /ssh-keygen -f ".*known_hosts" -R "127\.0\.0\.1"$/,
      log: /^Offending ED25519 key in .*known_hosts:1$/,
    },
    {
      name: 'a key that the server does not know',
      prepare: () => server.write('user', server.privateKey('other')),
      status: 11,
      message: /: the machine takes no key of this user \(root@127\.0\.0\.1: Permission denied \(publickey/,
      hint: /ssh -o BatchMode=yes far$/,
    },
    {
      name: 'a machine without this program',
      environment: { PATH: '/nonexistent' },
      status: 11,
      message: /^failed to reach the Docker engine at ssh:\/\/far: there is no program ssh$/,
      hint: /openssh-client/,
    },
    {
      name: 'a port on which nothing listens',
      environment: { DOCKER_HOST: 'ssh://far:2222' },
      status: 10,
      message: /: ssh does not reach the machine \(ssh: connect to host 127\.0\.0\.1 port 2222: Connection refused\)$/,
      hint: /ssh -p 2222 far$/,
    },
    {
      name: 'a machine whose engine does not run',
      environment: { DOCKER_HOST: 'ssh://far/nonexistent.sock' },
      status: 10,
      message: /: docker system dial-stdio failed there \(.*no such file or directory/,
      hint: /ssh far docker version$/,
    },
  ];
  it.each(refusals)('is refused for $name', async ({ prepare, environment, status, message, hint, log }) => {
    prepare?.();
    onTestFinished(() => server.restore());
    const TMPDIR = mkdtempSync(join(server.directory, 'refused'));
    const given = { ...server.environment, TMPDIR, ...environment };
    const failure = await connectEngine(given).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      exitStatus: status,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    if (log !== undefined)
      expect(failure).toMatchObject({ logTail: expect.arrayContaining([expect.stringMatching(log)]) as string[] });
  });

  it('is lost, while a request waits and then, if the network is cut', async () => {
    await using cut = new AsyncDisposableStack();
    const memory = cut.use(contractEngine('docker'));
    const { host } = cut.use(await serveEngine(memory));
    const cable = cut.use(await SshServer.open(host.slice('unix://'.length)));
    const engine = await connectEngine(cable.environment);
    const command = ['/bin/sh', '-c', contractScripts.sleepLong];
    const id = await engine.createContainer('waits', { image: 'contract-base', command, mounts: [] });
    await engine.startContainer(id);
    const waiting = engine.waitContainer(id, new AbortController().signal).catch((error: unknown) => error);
    await cable.cut();
    expect(await waiting).toMatchObject({
      code: 'engine-lost',
      message: expect.stringContaining('at ssh://far') as string,
    });
    await expect(engine.version()).rejects.toMatchObject({ code: 'engine-lost' });
  });

  it('is refused if the machine has no docker command', async () => {
    await using bare = new AsyncDisposableStack();
    const without = await openServer(bare, { path: '/nonexistent' });
    await expect(connectEngine(without.environment)).rejects.toMatchObject({
      exitStatus: 11,
      message: expect.stringMatching(
        /: there is no docker command for this user on that machine \(.*not found/,
      ) as string,
      hint: expect.stringContaining('ssh far docker version') as string,
    });
  });
});

interface Refusal {
  readonly name: string;
  readonly prepare?: () => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly status: number;
  readonly message: RegExp;
  readonly hint: RegExp;
  /** A line that ssh says besides. */
  readonly log?: RegExp;
}
