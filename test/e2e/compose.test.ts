import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireComposes } from '../../setup/packages/compose.js';
import { faultsStage } from '../support/builder.ts';
import { ComposeProject } from '../support/real-engine/compose-project.ts';
import { untilSaid } from '../support/real-engine/container-log.ts';
import { EngineProxy } from '../support/proxy.ts';
import { readCommands } from '../support/documents.ts';
import { ownLines } from '../support/own-lines.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { TestSite } from '../support/test-site.ts';

const [runBuilder = '', runBase = '', build = '', runFiltered = '', listSite = '', openRoot = '', ...cleanUp] =
  readCommands('docs/compose.md', '# docker compose', 8);

/** Messages that no command of compose may print once the images exist. */
const complaint = /warn|deprecat|orphan|obsolete|variable is not set/i;

/** Requests that the filter refuses: method, path as in the request line, and for some an Upgrade header. */
const refused = [
  ['GET', '/v1.41/events'],
  ['GET', '/v1.41/secrets'],
  ['GET', '/v1.41/containers/x/export'],
  ['GET', '/v1.41/containers/x/logs?stdout=1'],
  ['GET', '/v1.41/images/json/../../secrets'],
  ['GET', '/v1.41/images/x/../../secrets/json'],
  ['GET', '/v1.41//secrets'],
  ['GET', '/v1.41/%73ecrets'],
  ['GET', '/v1.41/containers/x%2fexport/json'],
  ['GET', '/v1.41/v1.41/version'],
  ['GET', '/version', ['other/1']],
  ['GET', '/version', ['tcp, other/1']],
  ['GET', '/version', ['tcp', 'other/1']],
  ['GET', '/v1.41/networks'],
  ['POST', '/v1.41/build'],
  ['POST', '/v1.41/images/load'],
  ['POST', '/v1.41/images/x/push'],
  ['POST', '/v1.41/swarm/init'],
  ['POST', '/v1.41/networks/x/disconnect'],
  ['POST', '/v1.41/containers/prune'],
  ['POST', '/v1.41/plugins/pull'],
  ['POST', '/version'],
  ['PUT', '/v1.41/containers/x/json'],
  ['DELETE', '/v1.41/volumes'],
  ['OPTIONS', '/v1.41/secrets'],
  ['OPTIONS', '*'],
] as const;
/** Requests that reach the engine, with the status that it answers. */
const passed = [
  ['GET', '/_ping', 200],
  ['GET', '/version', 200],
  ['GET', '/v1.41/version', 200],
  ['GET', '/v1.41/containers/none/json', 404],
  ['GET', '/v1.41/images/localhost:1/none/none:none@sha256:0/json', 400],
  ['DELETE', '/v1.41/images/none/none:none', 404],
  ['POST', `/v1.41/commit?container=none&changes=${'x'.repeat(100_000)}`, 404],
] as const;

/**
 * A program for Node that sends requests unchanged, all at the same time, and that TIMES times. It prints the status and text of
 * each answer of the last time, or how the answer broke off.
 */
const askProxy = `
const ask = ([method, path, upgrade]) => new Promise((resolve, reject) => {
  const headers = upgrade ? { Upgrade: upgrade, Connection: "Upgrade" } : {};
  const socketPath = "/run/engine/docker.sock";
  require("http").request({ socketPath, method, path, headers, agent: false }, (answer) =>
    answer.toArray().then(
      (chunks) => resolve([answer.statusCode, Buffer.concat(chunks).toString()]),
      (error) => resolve([answer.statusCode, error.code])
    )).on("error", reject).end();
});
const { REQUESTS, TIMES = 1 } = process.env;
(async () => {
  let answers = [];
  for (let time = 0; time < TIMES; time++) answers = await Promise.all(JSON.parse(REQUESTS).map(ask));
  console.log(JSON.stringify(answers));
})();
`;

// Each test of a compose continues from the state that the test before it left, because compose.yaml promises to set up only
// once.
describe.each(await requireComposes(process.env))('compose.yaml with $command $version', (compose) => {
  let project: ComposeProject;
  beforeAll(async () => {
    project = await ComposeProject.open(compose);
  });
  afterAll(async () => {
    await project[Symbol.asyncDispose]();
    expect(await project.things()).toEqual({ containers: [], networks: [], volumes: [], images: [] });
  });

  /** The status and text of the answer to each request, sent from the builder's place in the project. */
  async function ask(requests: readonly unknown[], times = 1): Promise<[number, string][]> {
    const command =
      'docker compose run --rm --no-deps -e REQUESTS -e TIMES --entrypoint node least-privilege -e "$ASK_PROXY"';
    const said = await project.run(command, {
      REQUESTS: JSON.stringify(requests),
      TIMES: String(times),
      ASK_PROXY: askProxy,
    });
    expect(said).toMatchObject({ status: 0 });
    return JSON.parse(said.stdout.trim().split('\n').at(-1) ?? '') as [number, string][];
  }

  it('is read without a warning', async () => {
    const quiet = { status: 0, stdout: '', stderr: '' };
    expect(await project.run('docker compose config --quiet')).toEqual(quiet);
    for (const profile of ['least-privilege', 'zentoo'])
      expect(await project.run(`docker compose --profile ${profile} config --quiet`)).toEqual(quiet);
  });

  it('makes all images and volumes with the first build, which starts from gentoo-base', async () => {
    const { status, stdout, stderr } = await project.run(runBuilder);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain('Emerging (1 of 1) app-text/tree');
    // The build of the images writes to standard output, too.
    const image = /^(gentoo-[0-9a-f]{4,})\n$/m.exec(stdout)?.[1] ?? '';
    expect((await project.run(`docker run --rm ${image} tree --version`)).stdout).toMatch(/^tree v2/);
    const { Labels } = (await rawDocker().getImage(image).inspect()).Config;
    expect(Labels).toMatchObject({ 'org.opencontainers.image.base.name': project.images.base });
    expect(Object.entries(Labels ?? {}).filter(([name, value]) => /compose/.test(name) && value !== '')).toEqual([]);
    expect(await project.things()).toMatchObject({
      containers: ['base'],
      volumes: expect.arrayContaining(['binpkgs', 'distfiles', 'logs', 'metadata', 'repository']) as string[],
    });
  });

  it('lets base use the builder’s packages and tree', async () => {
    const { status, stdout, stderr } = await project.run(runBase);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain('Emerging binary (1 of 1) app-text/tree');
  });

  it('makes nothing again at the second run, and prints only the build', async () => {
    const before = await project.things();
    const { status, stdout, stderr } = await project.run(`${runBuilder} --rebuild`);
    expect(stdout).toMatch(/^gentoo-[0-9a-f]{4,}\n$/);
    expect(status, stderr).toBe(0);
    expect(ownLines(stderr)).not.toMatch(complaint);
    expect(stderr).toContain('Emerging binary (1 of 1) app-text/tree');
    expect(await project.run(build)).toMatchObject({ status: 0 });
    const images = [...before.images, await project.imageOf('proxy')].toSorted();
    expect(await project.things()).toEqual({ ...before, images });
  });

  it('builds through the filter as docs/compose.md says, without a warning', async () => {
    const { status, stderr } = await project.run(runFiltered);
    expect(status, stderr).toBe(0);
    expect(ownLines(stderr)).not.toMatch(complaint);
  });

  // The tests run at the same time, because the first one takes long.
  it.concurrent('builds through the filter a package that is silent for 30 s', async () => {
    const { status, stderr } = await project.run(runFiltered.replace('app-text/tree', 'test-fault/long-silence'), {
      GENTOO_BASE: faultsStage,
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).not.toMatch(/DeprecationWarning/);
  });

  it.concurrent('has a filter that answers 403 to requests that a builder does not need', async () => {
    const answers = await ask(refused);
    expect(answers.map(([status], n) => [...(refused[n] ?? []), status])).toEqual(
      refused.map((request) => [...request, 403]),
    );
    expect(JSON.parse(answers[0]?.[1] ?? '')).toEqual({
      message: 'the proxy of the profile least-privilege refuses GET /v1.41/events',
    });
    const through = await ask(passed.map(([method, path]) => [method, path]));
    expect(through.map(([status]) => status)).toEqual(passed.map(([, , status]) => status));
  });

  it.concurrent('has a filter that cuts connections after 10 s of silence', async () => {
    const [filter] = await project.containersOf('proxy');
    // The engine answers at once, and ends the answer when that container ends.
    expect(await ask([['POST', `/containers/${filter?.Id}/wait`]])).toEqual([[200, 'ECONNRESET']]);
  });

  it.concurrent(
    "gives the builder behind the filter neither a network nor the engine's socket, and the filter only the socket",
    async () => {
      const look = 'docker compose run --rm --no-deps --entrypoint ls least-privilege -l';
      const { status, stdout, stderr } = await project.run(`${look} /var/run/docker.sock /sys/class/net /run/engine`);
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/docker\.sock.*No such file/);
      expect(stdout).toMatch(/ lo -> /);
      expect(stdout).not.toMatch(/ eth/);
      expect(stdout).toMatch(/^srw------- +\d+ root +root .* docker\.sock$/m);
      const [filter] = await project.containersOf('proxy');
      expect(filter?.HostConfig).toMatchObject({
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        Privileged: false,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        PortBindings: {},
      });
      expect(Object.keys(filter?.NetworkSettings.Networks ?? {})).toEqual(['none']);
      expect(filter?.Mounts.map(({ Destination }) => Destination).toSorted()).toEqual([
        '/run/engine',
        '/var/run/docker.sock',
      ]);
    },
  );

  it.concurrent('returns the exit status of a package that fails', async () => {
    const { status, stdout } = await project.run(
      'docker compose run --rm --no-deps -e GENTOO_BASE builder test-fault/compile-fails',
      { GENTOO_BASE: faultsStage },
    );
    expect({ status, stdout }).toEqual({ status: 31, stdout: '' });
  });

  it.concurrent("takes the engine's socket from the environment", async () => {
    await using proxy = await EngineProxy.open();
    const { status } = await project.run(`${runBuilder.replace('--rm', '--rm --no-deps')} --dry-run`, {
      DOCKER_SOCKET: proxy.socketPath,
    });
    expect(status).toBe(0);
    expect(proxy.requests).toContain('GET /_ping');
  });

  it.concurrent('runs zentoo, and a freshroot at a terminal, for the site that SITE names', async () => {
    await using site = await TestSite.open();
    const SITE = site.directory;
    const forSite = (line: string) => line.replace('$HOME/roots', SITE).replace('run --rm', 'run --rm -T');
    const list = await project.run(`${forSite(listSite)} --json`);
    // The one warning is zentoo's own.
    const stderr = ownLines(list.stderr).replace(
      'warning: the tree gentoo is empty: nothing can be built from it\n',
      '',
    );
    expect(list.status, stderr).toBe(0);
    expect(stderr).not.toMatch(complaint);
    // If the image does not exist yet, the output of its build comes first.
    expect(JSON.parse(list.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ site: site.name });
    const fresh = await project.run(forSite(openRoot));
    expect(fresh).toMatchObject({ status: 13, stdout: '' });
    expect(fresh.stderr).toContain('hint: run `zentoo sync`, which creates and fills it');
    // docker compose 2 passes the terminal's size after the command has started.
    const look = 'tty; echo $TERM; pwd; ls; until stty size | grep -x "31 101"; do sleep 0.1; done';
    await using terminal = await project.openTerminal('docker compose run --rm --entrypoint sh freshroot -c "$LOOK"', {
      SITE,
      LOOK: look,
      TERM: 'xterm-256color',
    });
    await terminal.ended;
    expect(terminal.shown).toMatch(/\/dev\/pts\/0\r\nxterm-256color\r\n\/site\r\nconfig\s+site.yaml\r\n31 101\r\n/);
  });

  it.concurrent('gives the builder no network', async () => {
    const { status, stdout } = await project.run(
      'docker compose run --rm --no-deps --entrypoint ls builder /sys/class/net',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^lo$/m);
    expect(stdout).not.toMatch(/^eth/m);
  });

  it('has a filter that replaces a killed one, and logs the requests without an answer', async () => {
    const [killed] = await project.containersOf('proxy');
    await rawDocker()
      .getContainer(killed?.Id ?? '')
      .kill();
    const remove = 'docker compose --profile least-privilege rm --force proxy';
    expect(await project.run(remove)).toMatchObject({ status: 0 });
    const engine = await EngineProxy.open();
    const dryRun = await project.run(`${runFiltered} --dry-run`, { DOCKER_SOCKET: engine.socketPath });
    await engine[Symbol.asyncDispose]();
    expect(dryRun).toMatchObject({ status: 0 });
    expect(engine.requests).toContain('GET /_ping');
    const requests = [['GET', '/version'] as const, ['GET', '/secrets'] as const];
    expect((await ask(requests)).map(([status]) => status)).toEqual([503, 403]);
    const [filter] = await project.containersOf('proxy');
    // A client may have its answer before the engine has read the line about it.
    const log = await untilSaid(filter?.Id ?? '', /(?:GET \/\S+\n[^]*){2}/);
    const logged = log.match(/\d{3} \S+ GET \S+/g)?.toSorted();
    expect(logged).toEqual(['403 LR GET /secrets', '503 SC GET /version']);
  });

  it('has a filter that logs every refused request, also those of the same moment', async () => {
    const [filter] = await project.containersOf('proxy');
    const requests = ['a', 'b', 'c', 'd'].map((end) => ['GET', `/${end}`]);
    await ask(requests, 1000);
    await ask([['GET', '/last']]);
    const log = await untilSaid(filter?.Id ?? '', /GET \/last\n/);
    expect(log.match(/403 LR GET \/[abcd]\n/g)).toHaveLength(4000);
  });

  it('builds the filter again with the other images if its files have changed', async () => {
    const [before, other] = [await project.imageOf('proxy'), `${project.name}-haproxy`];
    const make = `printf 'FROM %s\nLABEL of=${other}\n' "$HAPROXY_IMAGE" | docker build --tag ${other} -`;
    expect(await project.run(make)).toMatchObject({ status: 0 });
    project.removeLater(before, other);
    expect(await project.run(build, { HAPROXY_IMAGE: other })).toMatchObject({ status: 0 });
    expect(await project.imageOf('proxy')).not.toBe(before);
  });

  it('leaves nothing but images and volumes after the clean-up', async () => {
    const [base] = await project.containersOf('base');
    const anonymous = base?.Mounts.flatMap(({ Name }) => (/^[0-9a-f]{64}$/.test(Name ?? '') ? [Name] : [])) ?? [];
    expect(anonymous).not.toEqual([]);
    for (const command of cleanUp) expect(await project.run(command)).toMatchObject({ status: 0 });
    const volumes = ['binpkgs', 'distfiles', 'engine', 'logs', 'metadata', 'repository'];
    expect(await project.things()).toMatchObject({ containers: [], networks: [], volumes });
    const { Volumes } = await rawDocker().listVolumes();
    expect(Volumes.filter(({ Name }) => anonymous.includes(Name))).toEqual([]);
  });
});
