import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { array, looseObject, number, object, optional, parse, record, string } from 'valibot';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };

const require = createRequire(import.meta.url);
const project = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(project, path), 'utf8');

const Workflow = looseObject({
  jobs: record(
    string(),
    looseObject({
      'timeout-minutes': number(),
      strategy: optional(looseObject({ matrix: looseObject({ shard: optional(array(number())) }) })),
      steps: array(looseObject({ run: optional(string()), uses: optional(string()) })),
    }),
  ),
});

/** The jobs of a workflow, and the commands of each. */
function jobsOf(name: string) {
  const { jobs } = parse(Workflow, parseYaml(read(`.github/workflows/${name}.yml`)));
  return Object.entries(jobs).map(([job, { steps, strategy }]) => ({
    job,
    shards: strategy?.matrix.shard,
    commands: steps.flatMap(({ run }) => (run === undefined ? [] : [run])),
  }));
}

/** The npm script that a command runs and nothing else: `lint` of `npm run lint -- --fix`, `test` of `npm test`. */
function scriptOf(command: string): string | undefined {
  return /^npm (?:run (?:--silent )?)?([\w:]+)(?: -- [^;&|\n]*)?\n?$/.exec(command)?.[1];
}

it('a command with more than an npm script is not taken for one', () => {
  expect(['npm test', 'npm run lint -- --fix', 'npm run --silent a:b -- "$X" > "$Y"'].map(scriptOf)).toEqual([
    'test',
    'lint',
    'a:b',
  ]);
  const others = [
    'gh release create',
    'npm test && npm run lint',
    'npm test\nrm x',
    'apt install x; npm test',
    'npm test | tee log',
  ];
  expect(others.map(scriptOf)).toEqual(others.map(() => undefined));
});

describe('the workflow of a change', () => {
  const commands = jobsOf('ci').flatMap((job) => job.commands);
  const called = new Set(commands.map(scriptOf));

  it('runs nothing but npm scripts', () => {
    expect([...called].filter((script) => script === undefined || !(script in packageJson.scripts))).toEqual([]);
  });

  it('runs the same npm scripts as .ci/run', () => {
    const run = read('.ci/run');
    const checks = [...run.matchAll(/^check .*?npm run ([\w:]+)$/gm), ...run.matchAll(/^run_tests '.*?' ([\w:]+)$/gm)];
    const calls = checks.map(([, script]) => script);
    expect(called).toEqual(new Set(calls));
  });

  it('runs every tier of npm test', () => {
    const tiers = commands.flatMap((command) => /--project (\w+)/.exec(command)?.[1] ?? []);
    expect(tiers).toEqual(['unit', 'integration', 'e2e']);
  });

  it.each(jobsOf('ci').filter(({ shards }) => shards !== undefined))(
    'runs every shard of $job',
    ({ shards, commands }) => {
      const of = shards?.length ?? 0;
      expect(shards).toEqual(Array.from({ length: of }, (_, index) => index + 1));
      expect(commands.at(-1)).toMatch(new RegExp(`--shard \\$\\{\\{ matrix\\.shard \\}\\}/${of}$`));
    },
  );
});

describe('each workflow', () => {
  const files = globSync('*.yml', { cwd: join(project, '.github/workflows') }).map((file) => file.replace('.yml', ''));

  it('is known here', () => {
    expect(files.toSorted()).toEqual(['ci', 'nightly', 'release']);
  });

  it.each(['ci', 'nightly', 'release'])('%s runs only npm scripts that are there', (name) => {
    const commands = jobsOf(name).flatMap((job) => job.commands);
    expect(commands.filter((command) => !((scriptOf(command) ?? '') in packageJson.scripts))).toEqual([]);
  });
});

describe('the development container', () => {
  it('is understood by the devcontainer program', () => {
    // `true` stands for docker, which would be asked for a container that runs already.
    const output = execFileSync(
      process.execPath,
      [
        require.resolve('@devcontainers/cli/devcontainer.js'),
        ...['read-configuration', '--workspace-folder', project, '--docker-path', 'true'],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const { configuration } = parse(
      object({ configuration: looseObject({ mounts: array(string()), workspaceFolder: string() }) }),
      JSON.parse(output),
    );
    expect(configuration.mounts).toContain('source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind');
    expect(configuration.workspaceFolder).toBe(project);
  });
});

describe('the editor', () => {
  it.each([
    ['launch.json', 'program'],
    ['tasks.json', 'script'],
  ])('starts only what is there: %s', (file, key) => {
    const named = [...read(`.vscode/${file}`).matchAll(new RegExp(`"${key}": "([^"]+)"`, 'g'))].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) {
      if (key === 'script') expect(packageJson.scripts).toHaveProperty(name);
      else expect(globSync(name.replace('${workspaceFolder}/', ''), { cwd: project })).toHaveLength(1);
    }
  });
});
