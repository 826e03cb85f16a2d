import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseZentooCommand } from '../../../src/cli/zentoo/parse-zentoo-command.ts';
import type { Terminal } from '../../../src/terminal/terminal.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure, type PartialSuccess, type WorkEnding } from '../../../src/failure.ts';
import type { Event } from '../../../src/report/event.ts';
import { initSite } from '../../../src/site/init-site.ts';
import { readSite } from '../../../src/site/read/read-site.ts';
import type { Site, Tuple } from '../../../src/site/site.ts';
import { buildSite, type SiteBuild } from '../../../src/zentoo/command/build-site.ts';
import { listSite } from '../../../src/zentoo/command/list-site.ts';
import { planSite } from '../../../src/zentoo/command/plan-site.ts';
import { syncTrees } from '../../../src/zentoo/command/sync-trees.ts';
import { describeWorkers, type WorkerStatus } from '../../../src/zentoo/distcc/list-workers.ts';
import { startWorkers } from '../../../src/zentoo/distcc/start-workers.ts';
import { clearSwarm, inspectSwarm, type SwarmStatus } from '../../../src/zentoo/swarm/inspect-swarm.ts';
import { removeWorkers } from '../../../src/zentoo/distcc/remove-workers.ts';
import { enterRoot } from '../../../src/zentoo/freshroot/enter-root.ts';
import { openSiteRun } from '../../../src/zentoo/run/open-site-run.ts';
import { sitePlan, tuplePlan, upToDate } from '../plan/plans.ts';
import { BuildRecorder } from '../../../src/record/build-recorder.ts';
import { describeTargets } from '../../../src/zentoo/command/describe-targets.ts';
import type { TupleOutcome } from '../../../src/zentoo/command/collect-outcomes.ts';
import { faultsByDocument } from '../../support/json-schema.ts';
import { SiteWorld } from '../zentoo/site-world.ts';

const parent = mkdtempSync(join(tmpdir(), 'zentoo-work-'));
const directory = join(parent, 'net');
const events: Event[] = [];
const program = { name: 'zentoo', version: '1.2.3' };
const terminal: Terminal = {
  isInteractive: false,
  input: Readable.from([]),
  output: new PassThrough(),
  errors: new PassThrough(),
  environment: {},
  size: () => ({ columns: 80, rows: 24 }),
  onResize: () => () => undefined,
  setRaw: () => undefined,
};
let site: Site;
let tuple: Tuple;

beforeAll(() => {
  initSite(directory, new Date(0));
  site = readSite(directory);
  tuple = site.tuples[0] ?? expect.fail('the new site has no tuple');
});
afterAll(() => rmSync(parent, { recursive: true }));
// The work of commands has tests of its own: here it is replaced, to see what a command asks for and prints.
beforeEach(async () => {
  events.length = 0;
  vi.spyOn(await import('../../../src/zentoo/run/open-site-run.ts'), 'openSiteRun');
  vi.spyOn(await import('../../../src/zentoo/command/build-site.ts'), 'buildSite');
  vi.spyOn(await import('../../../src/zentoo/command/list-site.ts'), 'listSite');
  vi.spyOn(await import('../../../src/zentoo/command/plan-site.ts'), 'planSite');
  vi.spyOn(await import('../../../src/zentoo/command/sync-trees.ts'), 'syncTrees');
  vi.spyOn(await import('../../../src/zentoo/distcc/list-workers.ts'), 'describeWorkers');
  vi.spyOn(await import('../../../src/zentoo/distcc/start-workers.ts'), 'startWorkers');
  vi.spyOn(await import('../../../src/zentoo/distcc/remove-workers.ts'), 'removeWorkers');
  vi.spyOn(await import('../../../src/zentoo/swarm/inspect-swarm.ts'), 'inspectSwarm');
  vi.spyOn(await import('../../../src/zentoo/swarm/inspect-swarm.ts'), 'clearSwarm');
  vi.spyOn(await import('../../../src/zentoo/freshroot/enter-root.ts'), 'enterRoot');
  vi.mocked(openSiteRun).mockImplementation(async (opened) => new SiteWorld().run({ ...opened }));
});

/** Runs a command line of zentoo for the site. */
async function zentoo(...argv: string[]): Promise<string | PartialSuccess | WorkEnding> {
  const invocation = parseZentooCommand(argv, { ZENTOO_SITE: directory });
  if (invocation.type !== 'work') return expect.fail(JSON.stringify(invocation));
  const ending = await invocation.work({
    program,
    environment: {},
    signal: new AbortController().signal,
    report: async (event) => void events.push(event),
    openTerminal: async () => terminal,
  });
  const output = typeof ending === 'string' ? ending : ending.output;
  if (argv.includes('--json')) expect(faultsByDocument(sectionOf(argv), output)).toEqual([]);
  return ending;
}

/** The section of docs/json.md that describes the output of a command line. */
function sectionOf([command = '', action = '']: readonly string[]): string {
  if (command === 'swarm') return 'zentoo swarm status --json and zentoo swarm down --json';
  if (command !== 'distcc') return `zentoo ${command} --json`;
  return action === 'down' ? 'zentoo distcc down --json' : 'zentoo distcc up --json and zentoo distcc status --json';
}

/** Runs a command line that succeeds; resolves to standard output. */
async function printed(...argv: string[]): Promise<string> {
  const output = await zentoo(...argv);
  return typeof output === 'string' ? output : expect.fail('the work failed in parts');
}

const failure = new Failure('build-failed', 'failed to emerge app-misc/greet-1.0: compile', { hint: 'see the log' });

/** The result of a build with these outcomes. */
async function buildOf(outcomes: readonly TupleOutcome[]): Promise<SiteBuild> {
  const targets = await describeTargets(new SiteWorld(), outcomes);
  const record = new BuildRecorder(() => 0).read({ program, site: 'net' }, targets);
  return { outcomes, record, recordFile: undefined };
}

describe('zentoo build', () => {
  it('opens the site with the options, and builds the tuples with other outputs', async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    const { name } = tuple;
    const options = ['--jobs', '3', '--output', 'archive', '--output-dir', '/srv/out', '--keep-failed', '--force'];
    options.push('--engine=ssh://me@big:2222', '--engine', 'ssh://me@big:2222');
    await zentoo('build', name, ...options);
    const chosen = [expect.objectContaining({ name, outputs: ['archive'] })];
    const request = { keepFailed: true, usesSwarm: false, outputDirectory: '/srv/out', tuples: chosen };
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.objectContaining({ name: 'net' }), expect.anything(), request);
    expect(buildSite).toHaveBeenLastCalledWith(expect.anything(), {
      ...{ jobs: 3, retry: [], force: true, program },
      engines: [{ name: 'big', options: ['--host', 'ssh://me@big:2222'], connect: expect.any(Function) as unknown }],
    });
  });

  it('uses the swarm if it is asked to, or if site.yaml says so', async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    const usesSwarm = (settings: object) =>
      expect(buildSite).toHaveBeenLastCalledWith(
        expect.anything(),
        expect.objectContaining({ swarm: { settings, connect: expect.any(Function) as unknown } }),
      );
    await zentoo('build', '--swarm');
    usesSwarm({ registry: undefined, encrypted: false });
    const file = join(directory, 'site.yaml');
    const before = readFileSync(file, 'utf8');
    onTestFinished(() => writeFileSync(file, before));
    writeFileSync(file, `${before}\nswarm: { registry: host:5000/a, encrypted: true }\n`);
    await zentoo('build');
    usesSwarm({ registry: 'host:5000/a', encrypted: true });
  });

  it("builds all tuples with the site's outputs if no option says otherwise", async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    await zentoo('build');
    const tuples = site.tuples.map(({ name, outputs }) => expect.objectContaining({ name, outputs }) as Tuple);
    const request = { keepFailed: false, usesSwarm: false, outputDirectory: undefined, tuples };
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), request);
    expect(buildSite).toHaveBeenLastCalledWith(expect.anything(), {
      jobs: undefined,
      retry: [],
      force: false,
      engines: [],
      swarm: undefined,
      program,
    });
  });

  it.each<readonly [readonly string[], unknown]>([
    [['--retry'], 'all'],
    [['--retry', '--jobs', '3'], 'all'],
    [
      ['--retry', 'app-misc/a', '--retry==app-misc/b-1.0'],
      ['app-misc/a', '=app-misc/b-1.0'],
    ],
    [['--retry=app-misc/a', '--retry'], 'all'],
  ])('tries hopeless packages again with %j', async (options, retry) => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    await zentoo('build', ...options);
    expect(buildSite).toHaveBeenLastCalledWith(expect.anything(), expect.objectContaining({ retry }));
  });

  it('takes the name of a tuple after --retry for a tuple', async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    await zentoo('build', '--retry', tuple.name);
    const [, , { tuples }] = vi.mocked(openSiteRun).mock.lastCall ?? expect.fail('not opened');
    expect(tuples?.map(({ name }) => name)).toEqual([tuple.name]);
    expect(buildSite).toHaveBeenLastCalledWith(expect.anything(), expect.objectContaining({ retry: 'all' }));
  });

  it('makes the outputs in their usual order, whatever the order of the option is', async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    await zentoo('build', '--output=archive,image');
    const [, , { tuples }] = vi.mocked(openSiteRun).mock.lastCall ?? expect.fail('not opened');
    expect(tuples?.map(({ outputs }) => outputs)).toEqual(site.tuples.map(() => ['image', 'archive']));
  });

  it('takes a relative directory for archives from the current directory', async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([]));
    await zentoo('build', '--output-dir=out');
    const [, , { outputDirectory }] = vi.mocked(openSiteRun).mock.lastCall ?? expect.fail('not opened');
    expect(outputDirectory).toBe(join(process.cwd(), 'out'));
  });

  it('prints a row per tuple, and each failure once', async () => {
    const [second = tuple, third = tuple] = site.tuples.slice(1);
    vi.mocked(buildSite).mockResolvedValue(
      await buildOf([
        { type: 'unchanged', tuple, outputs: { image: 'zentoo/net/a:latest' } },
        { type: 'failed', tuple: second, failures: [failure], elog: [] },
        { type: 'failed', tuple: third, failures: [failure], elog: [] },
      ]),
    );
    const { output, failures } = (await zentoo('build')) as PartialSuccess;
    expect(output.split('\n').map((line) => line.split(/\s{2,}/))).toEqual([
      ['TUPLE', 'STATE', 'IMAGE', 'ARCHIVE'],
      [tuple.name, 'unchanged', 'zentoo/net/a:latest'],
      [second.name, 'failed: build-failed'],
      [third.name, 'failed: build-failed'],
      [''],
    ]);
    expect(failures).toEqual([failure]);
  });

  it('prints failures in the object of --json', async () => {
    vi.mocked(buildSite).mockResolvedValue(await buildOf([{ type: 'failed', tuple, failures: [failure], elog: [] }]));
    const { output } = (await zentoo('build', '--json')) as PartialSuccess;
    const { code, exitStatus, message, hint } = failure;
    expect(JSON.parse(output)).toEqual({
      site: 'net',
      tuples: [{ name: tuple.name, type: 'failed', failures: [{ code, exitStatus, message, hint }], elog: [] }],
    });
  });

  it('reports the messages of packages last', async () => {
    const message = { level: 'warn', phase: 'postinst', lines: ['Run greet once.'] } as const;
    const elog = [{ cpv: 'app-misc/greet-1.0', time: new Date(0), messages: [message] as const }];
    const built = { packages: [], sizes: {}, elog, durations: {}, outputs: { image: 'zentoo/net/a:latest' } } as const;
    vi.mocked(buildSite).mockResolvedValue(await buildOf([{ type: 'built', tuple, ...built }]));
    expect(await zentoo('build')).toContain('built');
    expect(events).toEqual([
      {
        type: 'note',
        message: expect.stringMatching(
          /^messages of the packages of x86-64-base-plain-tools:\n[^]*Run greet once\./,
        ) as string,
      },
    ]);
  });

  it('case 5.2: reports the messages of packages also of a tuple that failed', async () => {
    const messages = [{ level: 'error', phase: 'setup', lines: ['no kernel support'] }] as const;
    const elog = [{ cpv: 'app-misc/greet-1.0', time: new Date(0), messages }];
    vi.mocked(buildSite).mockResolvedValue(await buildOf([{ type: 'failed', tuple, failures: [failure], elog }]));
    await zentoo('build');
    const text = `messages of the packages of ${tuple.name}:\napp-misc/greet-1.0:\n  error: no kernel support`;
    expect(events).toEqual([{ type: 'note', message: text }]);
  });

  it('reports no messages if the packages have none', async () => {
    const built = {
      packages: [],
      sizes: {},
      elog: [],
      durations: {},
      outputs: { image: 'zentoo/net/a:latest' },
    } as const;
    vi.mocked(buildSite).mockResolvedValue(await buildOf([{ type: 'built', tuple, ...built }]));
    await zentoo('build');
    expect(events).toEqual([]);
  });

  it('names the command in a refusal of the engine', async () => {
    vi.mocked(buildSite).mockRejectedValue(new EngineRefusal(500, 'no such thing'));
    await expect(zentoo('build')).rejects.toMatchObject({
      code: 'engine-refused',
      message: expect.stringMatching(/^failed to build[^]*no such thing/) as string,
    });
  });

  it('refuses an unknown tuple before it opens the site', async () => {
    vi.mocked(openSiteRun).mockClear();
    await expect(zentoo('build', 'x86-64-base-plain-tolls')).rejects.toThrow(/did you mean 'x86-64-base-plain-tools'/);
    expect(openSiteRun).not.toHaveBeenCalled();
  });
});

describe('zentoo plan', () => {
  it('opens the site for the named tuples', async () => {
    vi.mocked(planSite).mockResolvedValue(sitePlan([]));
    await zentoo('plan', tuple.name);
    const tuples = [expect.objectContaining({ name: tuple.name })];
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), {
      keepFailed: false,
      access: 'read',
      tuples,
    });
  });

  it('plans for the packages of --retry', async () => {
    vi.mocked(planSite).mockResolvedValue(sitePlan([]));
    await zentoo('plan', '--retry', 'app-misc/a');
    expect(planSite).toHaveBeenLastCalledWith(expect.anything(), directory, ['app-misc/a']);
    await zentoo('plan', '--retry');
    expect(planSite).toHaveBeenLastCalledWith(expect.anything(), directory, 'all');
  });

  it.each([
    [[], /^a: up to date\n/],
    [['--graph', 'dot'], /^digraph /],
    [['--graph', 'mermaid'], /^(?:graph|flowchart) /],
    [['--json'], /^\{"site":"net"/],
  ])('prints the plan with %j', async (options, form) => {
    vi.mocked(planSite).mockResolvedValue(sitePlan([upToDate('a')]));
    expect(await zentoo('plan', ...options)).toMatch(form);
  });

  it('opens a site that has further engines', async () => {
    vi.mocked(planSite).mockResolvedValue(sitePlan([upToDate('a')]));
    const file = join(directory, 'site.yaml');
    const before = readFileSync(file, 'utf8');
    onTestFinished(() => writeFileSync(file, before));
    writeFileSync(file, `${before}\nengines: [tcp://nowhere:1, { address: no-such-context, jobs: 2 }]\n`);
    expect(await zentoo('plan', '--graph', 'dot')).toMatch(/^digraph /);
    expect(openSiteRun).toHaveBeenLastCalledWith(
      expect.objectContaining({
        engines: [
          { address: 'tcp://nowhere:1', jobs: undefined },
          { address: 'no-such-context', jobs: 2 },
        ],
      }),
      expect.anything(),
      expect.anything(),
    );
  });

  it('prints a plan with a tuple that cannot be built, and the failure', async () => {
    vi.mocked(planSite).mockResolvedValue(sitePlan([upToDate('a'), tuplePlan({ failure })]));
    expect(await zentoo('plan')).toEqual({
      output: expect.stringContaining('cannot be built') as string,
      failures: [failure],
    });
  });
});

describe('zentoo sync', () => {
  const trees = [
    { repository: 'gentoo', before: undefined, revision: 'c'.repeat(40) },
    { repository: 'guru', before: 'd'.repeat(40), revision: undefined },
  ];

  it('prints a row per repository', async () => {
    vi.mocked(syncTrees).mockResolvedValue(trees);
    expect(await zentoo('sync')).toBe(
      `REPOSITORY  REVISION                                  BEFORE\ngentoo      ${'c'.repeat(40)}  none\n` +
        `guru        none                                      ${'d'.repeat(40)}\n`,
    );
  });

  it('prints the revisions in the object of --json', async () => {
    vi.mocked(syncTrees).mockResolvedValue(trees);
    expect(JSON.parse(await printed('sync', '--json'))).toEqual({
      site: 'net',
      repositories: [
        { repository: 'gentoo', revision: 'c'.repeat(40) },
        { repository: 'guru', before: 'd'.repeat(40) },
      ],
    });
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), { keepFailed: false });
  });
});

describe('zentoo list', () => {
  const made = new Date(Date.now() - 3 * 3_600_000);
  const listed = () => [
    {
      tuple,
      upToDate: true,
      why: [],
      outputs: [{ output: 'image', name: 'zentoo/net/a:latest', found: { size: 495_000_000, made } }] as const,
    },
    {
      tuple: { ...tuple, name: 'b', cross: true, outputs: ['image', 'archive'] as const },
      upToDate: false,
      why: ['there is no image yet'],
      outputs: [
        { output: 'image', name: 'zentoo/net/b:latest', found: null },
        { output: 'archive', name: 'output/b.tar.zst', found: undefined },
      ] as const,
    },
  ];

  it('prints size and age of each output', async () => {
    vi.mocked(listSite).mockResolvedValue(listed());
    const rows = (await printed('list')).split('\n').map((line) => line.split(/\s{2,}/));
    const columns = ['TUPLE', 'STATE', 'IMAGE', 'ARCHIVE', 'CPU', 'PORTAGE', 'BUILDHOOKS', 'PACKAGES', 'STAGE'];
    expect(rows[0]).toEqual(columns);
    const { portage, buildhooks } = tuple;
    expect(rows[1]).toEqual([
      ...[tuple.name, 'up to date', '495 MB, 3h old', '-', 'x86-64'],
      ...[`base ${portage.commit.slice(0, 10)}`, `plain ${buildhooks.commit.slice(0, 10)}`, 'tools', 'ministage'],
    ]);
    expect(rows[2]?.slice(0, 4)).toEqual(['b', 'to build', 'none', 'unknown']);
    expect(rows[2]?.at(-1)).toBe('ministage (cross)');
  });

  it('reports the warnings of the site before it asks the engine', async () => {
    const repository = join(directory, 'config/portage');
    writeFileSync(join(repository, 'new'), '');
    onTestFinished(() => rmSync(join(repository, 'new')));
    vi.mocked(listSite).mockImplementation(async () => (expect(events).toHaveLength(1), listed()));
    await zentoo('list');
    expect(events).toMatchObject([
      { type: 'warning', message: expect.stringContaining('uncommitted work in config/portage') as string },
    ]);
  });

  it('prints outputs and reasons in the object of --json', async () => {
    vi.mocked(listSite).mockResolvedValue(listed());
    const { tuples } = JSON.parse(await printed('list', '--json')) as { tuples: unknown[] };
    expect(tuples).toMatchObject([
      { upToDate: true, image: { name: 'zentoo/net/a:latest', size: 495_000_000, created: made.toISOString() } },
      { upToDate: false, why: ['there is no image yet'], image: null, archive: null },
    ]);
  });

  it('shows that freshness is unknown without an engine', async () => {
    vi.mocked(listSite).mockResolvedValue([{ tuple, upToDate: undefined, why: [], outputs: [] }]);
    expect(await zentoo('list')).toMatch(/\n\S+ +unknown +-/);
    expect(JSON.parse(await printed('list', '--json'))).toMatchObject({ tuples: [{ upToDate: null, image: null }] });
  });

  it('says that a site has no tuples', async () => {
    vi.mocked(listSite).mockResolvedValue([]);
    expect(await zentoo('list')).toBe('the site net has no tuples\n');
  });
});

describe('zentoo swarm', () => {
  const status: SwarmStatus = {
    nodes: ['node2'],
    objects: [
      { node: '', kind: 'secret', name: 'zentoo-net-proxy-00000000-key', state: 'gone' },
      { node: 'node2', kind: 'volume', name: 'zentoo-net-copy-tree', state: 'copy' },
      { node: 'node2', kind: 'container', name: 'gentoo-builder-0', state: 'alive' },
    ],
  };

  it('status lists what is on the swarm and on each node, and pulls no stage', async () => {
    vi.mocked(inspectSwarm).mockResolvedValue(status);
    const rows = (await printed('swarm', 'status')).split('\n');
    expect(rows.map((row) => row.split(/\s{2,}/))).toEqual([
      ['NODE', 'KIND', 'NAME', 'STATE'],
      ['-', 'secret', 'zentoo-net-proxy-00000000-key', 'gone'],
      ['node2', 'volume', 'zentoo-net-copy-tree', 'copy'],
      ['node2', 'container', 'gentoo-builder-0', 'alive'],
      [''],
    ]);
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), {
      ...{ keepFailed: false, access: 'read', pull: [] },
    });
    expect(JSON.parse(await printed('swarm', 'status', '--json'))).toEqual({ site: 'net', ...status });
  });

  it('down --dry-run lists what down removes, and removes nothing', async () => {
    vi.mocked(inspectSwarm).mockResolvedValue(status);
    const listed = JSON.parse(await printed('swarm', 'down', '--dry-run', '--json')) as SwarmStatus;
    expect(listed.objects).toEqual(status.objects.slice(0, 2));
    expect(clearSwarm).not.toHaveBeenCalled();
  });

  it('down removes it', async () => {
    vi.mocked(clearSwarm).mockResolvedValue({ nodes: ['node2', 'node3'], objects: [] });
    expect(await zentoo('swarm', 'down')).toBe('nothing of the site net is on the swarm (node2, node3)\n');
    expect(clearSwarm).toHaveBeenLastCalledWith(expect.anything(), {
      settings: { registry: undefined, encrypted: false },
      connect: expect.any(Function) as unknown,
    });
  });
});

describe('zentoo distcc', () => {
  const worker: WorkerStatus = {
    id: 'f'.repeat(64) as WorkerStatus['id'],
    name: 'zentoo-net-distcc-1',
    buildmaster: 'x86-64-base',
    isCurrent: true,
    state: 'running',
    image: 'zentoo/net/distcc:1',
    slots: 2,
    compiler: 'gcc 12.2.0',
    digest: 'e'.repeat(64),
    chost: 'x86_64-pc-linux-gnu',
    address: '10.0.0.2',
    hasSameCompiler: true,
    jobs: 40,
  };
  const others: readonly WorkerStatus[] = [
    { ...worker, name: 'w2', hasSameCompiler: false },
    { ...worker, name: 'w3', hasSameCompiler: undefined, isCurrent: false },
  ];

  it('up starts workers and lists them', async () => {
    vi.mocked(startWorkers).mockResolvedValue(undefined);
    vi.mocked(describeWorkers).mockResolvedValue([worker]);
    expect(await zentoo('distcc', 'up', tuple.name, '--count', '2')).toMatch(/^WORKER[^]*running +2 +40 /);
    expect(startWorkers).toHaveBeenLastCalledWith(
      expect.anything(),
      [expect.objectContaining({ name: tuple.name })],
      2,
    );
  });

  it('up starts a worker per processor for all tuples if it is not told otherwise', async () => {
    vi.mocked(startWorkers).mockResolvedValue(undefined);
    vi.mocked(describeWorkers).mockResolvedValue([worker]);
    await zentoo('distcc', 'up');
    const tuples = site.tuples.map(({ name }) => expect.objectContaining({ name }) as Tuple);
    expect(startWorkers).toHaveBeenLastCalledWith(expect.anything(), tuples, undefined);
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), {
      keepFailed: false,
      pull: tuples,
    });
  });

  it('up opens the site with all tuples, so that their workers stay, and pulls the stages of the named ones only', async () => {
    vi.mocked(startWorkers).mockResolvedValue(undefined);
    vi.mocked(describeWorkers).mockResolvedValue([worker]);
    await zentoo('distcc', 'up', tuple.name);
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), {
      keepFailed: false,
      pull: [expect.objectContaining({ name: tuple.name })],
    });
  });

  it('status says whose compiler each worker has, and pulls no stage', async () => {
    vi.mocked(describeWorkers).mockResolvedValue([worker, ...others]);
    const rows = (await printed('distcc', 'status')).split('\n');
    expect(rows.map((row) => row.split(/\s{2,}/))).toEqual([
      ['WORKER', 'STATE', 'SLOTS', 'JOBS', 'BUILDMASTER', 'COMPILER'],
      ['zentoo-net-distcc-1', 'running', '2', '40', 'x86-64-base', "gcc 12.2.0, the buildmaster's"],
      ['w2', 'running', '2', '40', 'x86-64-base', "gcc 12.2.0, no longer the buildmaster's"],
      ['w3', 'running', '2', '40', 'x86-64-base (no tuple uses it)', 'gcc 12.2.0'],
      [''],
    ]);
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), {
      keepFailed: false,
      access: 'read',
      pull: [],
    });
  });

  it('status prints null for an unknown compiler in the object of --json', async () => {
    vi.mocked(describeWorkers).mockResolvedValue(others);
    expect(JSON.parse(await printed('distcc', 'status', '--json'))).toMatchObject({
      site: 'net',
      workers: [
        { name: 'w2', hasSameCompiler: false },
        { name: 'w3', hasSameCompiler: null },
      ],
    });
  });

  it('says that a site has no workers', async () => {
    vi.mocked(describeWorkers).mockResolvedValue([]);
    vi.mocked(removeWorkers).mockResolvedValue({ workers: [], images: [], network: undefined });
    for (const action of ['status', 'down'])
      expect(await zentoo('distcc', action)).toBe('the site net has no distcc workers\n');
  });

  it('down prints the removed objects', async () => {
    vi.mocked(removeWorkers).mockResolvedValue({ workers: ['w1'], images: ['i1'], network: 'n1' });
    expect(await zentoo('distcc', 'down')).toBe('w1\ni1\nn1\n');
    expect(JSON.parse(await printed('distcc', 'down', '--json'))).toEqual({
      site: 'net',
      workers: ['w1'],
      images: ['i1'],
      network: 'n1',
    });
  });
});

describe('zentoo freshroot', () => {
  it('opens the site for the root alone, also for a stage that stands for no tuple', async () => {
    vi.mocked(enterRoot).mockResolvedValue(0);
    await zentoo('freshroot', tuple.stage.name, '--cpu', tuple.cpu.name);
    const tuples = [expect.objectContaining({ name: `${tuple.cpu.name}-base-plain`, stage: tuple.stage })];
    expect(openSiteRun).toHaveBeenLastCalledWith(expect.anything(), expect.anything(), { keepFailed: false, tuples });
  });

  it('enters the tuple, and ends with the status of the shell', async () => {
    vi.mocked(enterRoot).mockResolvedValue(7);
    expect(await zentoo('freshroot', tuple.name)).toEqual({ status: 7, output: '' });
    expect(enterRoot).toHaveBeenLastCalledWith(expect.anything(), {
      root: { type: 'tuple', tuple: expect.objectContaining({ name: tuple.name }) as Tuple },
      command: undefined,
      keep: undefined,
      terminal,
    });
  });

  it('enters a stage with the CPU and the branches that are named', async () => {
    vi.mocked(enterRoot).mockResolvedValue(0);
    await zentoo('freshroot', 'ministage', '--cpu=x86-64-v2', '--portage=base', '--buildhooks=plain');
    const [run, { root }] = vi.mocked(enterRoot).mock.lastCall ?? expect.fail('not entered');
    expect(root).toMatchObject({ type: 'stage', tuple: { name: 'x86-64-v2-base-plain', cpu: { name: 'x86-64-v2' } } });
    expect(run.keepFailed).toBe(false);
    await expect(zentoo('freshroot', 'ministage', '--cpu=x86-64', '--portage=none')).rejects.toThrow(
      "there is no portage branch 'none'",
    );
    await expect(zentoo('freshroot', 'ministage', '--cpu=x86-64', '--buildhooks=none')).rejects.toThrow(
      "there is no buildhooks branch 'none'",
    );
  });

  it("refuses a kept root with the name of one of the site's images before it opens the site", async () => {
    vi.mocked(openSiteRun).mockClear();
    await expect(zentoo('freshroot', tuple.name, `--keep=zentoo/net/${tuple.name}`)).rejects.toBeInstanceOf(Failure);
    expect(openSiteRun).not.toHaveBeenCalled();
  });

  it('runs a command, and prints the name of a kept root', async () => {
    vi.mocked(enterRoot).mockResolvedValue(0);
    const kept = await zentoo('freshroot', tuple.name, '--keep', 'mine', '--', 'emerge', '--info');
    expect(kept).toEqual({ status: 0, output: 'mine\n' });
    expect(enterRoot).toHaveBeenLastCalledWith(
      expect.anything(),
      expect.objectContaining({ command: ['emerge', '--info'], keep: 'mine' }),
    );
  });
});

describe('zentoo init', () => {
  it('prints the directory, and with --json the name and the id as well', async () => {
    const [plain, json] = ['plain/new', 'json/new'].map((name) => join(parent, name));
    expect(await zentoo('init', plain ?? '')).toBe(`${plain}\n`);
    const output = JSON.parse(await printed('init', json ?? '', '--json')) as unknown;
    expect(output).toEqual({ site: 'new', id: readSite(json ?? '').id, directory: json });
  });

  it('says that a site has another name than its directory', async () => {
    events.length = 0;
    await zentoo('init', join(parent, 'good-name'));
    expect(events).toEqual([]);
    await zentoo('init', join(parent, 'Bad Name'));
    expect(readSite(join(parent, 'Bad Name')).name).toBe('bad-name');
    expect(events).toEqual([
      {
        type: 'note',
        message:
          'the site is named bad-name: images cannot have the name of the directory, Bad Name; for another name, change name in site.yaml',
      },
    ]);
  });

  it('gives a site another id with --new-id, by default the site of --site', async () => {
    const path = join(parent, 'copy');
    initSite(path, new Date(0));
    const ids = [readSite(path).id];
    for (const argv of [[path], ['--site', path], ['--site', path, '--json']]) {
      const output = await printed('init', '--new-id', ...argv);
      ids.push(readSite(path).id);
      expect(output).toContain(ids.at(-1));
    }
    expect(new Set(ids).size).toBe(4);
  });
});

describe('zentoo adopt', () => {
  it.each([
    [
      { isNewId: true, from: '/srv/net', images: ['zentoo/net/one:latest'] },
      [
        'site.yaml has the id k3v7q2mwx4pd now: commit it',
        'took over the registration for /srv/net',
        'volumes: zentoo-net-*',
      ],
    ],
    [
      { isNewId: false, from: undefined, images: [] },
      ['site.yaml has the id k3v7q2mwx4pd', 'there was nothing to take over on this engine', 'volumes: zentoo-net-*'],
    ],
  ])('prints what it took over: %j', async (parts, lines) => {
    const adoption = { id: 'k3v7q2mwx4pd', volumePrefix: 'zentoo-net', ...parts };
    const adopting = await import('../../../src/zentoo/run/adopt-site.ts');
    const adopt = vi.spyOn(adopting, 'adoptSite').mockResolvedValue(adoption);
    const output = await printed('adopt', '--from', '/srv/net');
    expect(output).toBe([...lines, ...parts.images.map((name) => `image: ${name}`), ''].join('\n'));
    expect(adopt).toHaveBeenLastCalledWith(expect.objectContaining({ directory }), expect.anything(), '/srv/net');
    expect(JSON.parse(await printed('adopt', '--json'))).toMatchObject({
      from: parts.from ?? null,
      volumes: 'zentoo-net',
    });
  });
});
