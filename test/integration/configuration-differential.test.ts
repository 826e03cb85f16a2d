import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import { array, nullable, object, record, string, type InferOutput } from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { readMakeConf } from '../../src/portage/configuration/make-conf.ts';
import { parseRepositories, shippedReposConf } from '../../src/portage/configuration/repos-conf.ts';
import { readBranchMakeConf } from '../../src/site/branch-make-conf.ts';
import { BranchTree } from '../../src/site/branch-tree.ts';
import { parseJson } from '../../src/parse-json.ts';
import { corpusOfDirectories, corpusOfMakeConf, entriesOf } from '../support/corpus.ts';
import {
  configurations,
  generateConfigurations,
  type ConfigurationFiles,
} from '../unit/portage/configuration/make-conf/generated-files.ts';

const image = 'gentoo-ministage';
const count = 300;

const variables = record(string(), string());
const answerSchema = object({
  strict: nullable(variables),
  tolerant: nullable(variables),
  error: nullable(string()),
  repositories: nullable(record(string(), variables)),
});
type Answer = InferOutput<typeof answerSchema>;

/** The answers of Portage's own readers, from one run of the ministage. */
async function askPortage(all: readonly ConfigurationFiles[]): Promise<readonly Answer[]> {
  const program = readFileSync(new URL('../support/read-configuration.py', import.meta.url), 'utf8');
  const run = ['run', '--rm', '-i', '--network=none', '--entrypoint=python3', image, '-c', program, shippedReposConf];
  const docker = spawn('docker', run);
  docker.stdin.end(JSON.stringify(all));
  const ended = new Promise<number | null>((resolve, reject) => docker.on('close', resolve).on('error', reject));
  const [stdout, stderr, status] = await Promise.all([readText(docker.stdout), readText(docker.stderr), ended]);
  if (status !== 0) throw new Error(`python3 in ${image} ended with ${status}: ${stderr}`);
  const answers = parseJson(array(answerSchema), stdout);
  if (answers === undefined) throw new Error(`the answers of ${image} are no JSON: ${stdout}`);
  return answers;
}

/** Our reading of a configuration in the form of Portage's answer, without files outside the directory. */
function readOurselves(files: ConfigurationFiles): Omit<Answer, 'error'> {
  const tree = new BranchTree(entriesOf(files));
  const conf = readBranchMakeConf(tree);
  const linksOutside = files['make.conf'] === undefined ? [] : conf.linksOutside;
  const isOutside = JSON.stringify(files).includes('source /var/');
  const values = Object.fromEntries([...conf.variables].map(([name, { value }]) => [name, value]));
  const isRefused = conf.faults.length > 0 || isOutside;
  // A quote that is not closed ends all of Portage's programs.
  const isEnd = conf.faults.some(({ message }) => /not closed|no file name|follows the backslash/.test(message));
  expect(linksOutside.filter((path) => path === 'make.conf')).toEqual([]);
  const texts = tree
    .list('repos.conf')
    .flatMap(({ resolved }) => (resolved.kind === 'file' ? [resolved.entry.read().toString('utf8')] : []));
  const read = parseRepositories([shippedReposConf, ...texts]);
  return {
    strict: isRefused ? null : values,
    tolerant: isEnd ? null : values,
    repositories:
      read === undefined
        ? null
        : Object.fromEntries(
            read.map(({ name, location, syncType, syncUri, autoSync }) => [
              name,
              { location, 'sync-type': syncType, 'sync-uri': syncUri, 'auto-sync': autoSync ? 'on' : 'off' },
            ]),
          ),
  };
}

/** Portage takes an empty setting for on, and takes `yes` and `true` in any case for on. */
const withSwitches = ({ strict, tolerant, repositories }: Answer): Omit<Answer, 'error'> => ({
  strict,
  tolerant,
  repositories:
    repositories &&
    Object.fromEntries(
      Object.entries(repositories).map(([name, values]) => [
        name,
        {
          ...values,
          'auto-sync': ['', 'yes', 'true'].includes((values['auto-sync'] ?? '').toLowerCase()) ? 'on' : 'off',
        },
      ]),
    ),
});

/** Texts of repos.conf with references that Portage follows or refuses, and with a byte order mark. */
const repositoryTexts = [
  ...[
    'https://me:p%40ss@h/x',
    '%(none)s',
    '%(Base)s/x',
    '100%%',
    '%',
    '%(base',
    '%()s',
    '%(sync-uri)s',
    '\n  x\n  %(none)s',
  ],
  ...['a\nlocation = %(other)s\nother = 1%', 'a\n[DEFAULT]\nx = %(none)s', 'a\n[DEFAULT]\nx = %(sync-uri)s'],
].map((value) => `[DEFAULT]\nbase = /srv\n[mine]\nsync-uri = ${value}\n`);
const named = [
  ...corpusOfMakeConf().map(([name, , content]) => ({ name, files: { 'make.conf': content } })),
  ...corpusOfDirectories().map(([name, files]) => ({ name, files })),
  ...[...repositoryTexts, '\uFEFF[mine]\nlocation = /srv\n'].map((text) => ({
    name: JSON.stringify(text),
    files: { 'repos.conf': text },
  })),
];
const seed = Number(process.env['FC_SEED'] ?? 20260801);
const generated = generateConfigurations(count, seed);
let answers: readonly Answer[];

beforeAll(async () => {
  answers = await askPortage([...named, ...generated].map(({ files }) => files));
});

describe('our reading of /etc/portage equals that of Portage', () => {
  test('for every make.conf and directory of the corpus', () => {
    for (const [index, { name, files }] of named.entries()) {
      const answer = answers[index];
      if (answer === undefined) throw new Error(`there is no answer for ${name}`);
      expect(readOurselves(files), `${name}: ${answer.error}`).toEqual(withSwitches(answer));
    }
  });

  test(`for ${count} generated configurations, with each construct in at least 10`, () => {
    expect(generated.length).toBeGreaterThanOrEqual(count);
    const compared = generated.map(({ construct, files }, index) => {
      const answer = answers[named.length + index];
      if (answer === undefined) throw new Error(`there is no answer for the configuration ${index}`);
      return { construct, files, error: answer.error, ours: readOurselves(files), theirs: withSwitches(answer) };
    });
    const disagreements = compared.filter(
      ({ ours, theirs }) => JSON.stringify(sorted(ours)) !== JSON.stringify(sorted(theirs)),
    );
    expect(disagreements, `seed ${seed}`).toEqual([]);
    const byConstruct = Map.groupBy(generated, ({ construct }) => construct);
    expect([...byConstruct.keys()]).toEqual(Object.keys(configurations));
    for (const [construct, all] of byConstruct) expect(all.length, construct).toBeGreaterThanOrEqual(10);
    const accepted = answers.filter(({ strict }) => strict !== null).length / answers.length;
    expect(accepted, 'share of what emerge accepts').toBeGreaterThan(0.5);
  });
});

test('each make.conf of the corpus is accepted where emerge accepts it', () => {
  for (const [index, [name, text]] of corpusOfMakeConf().entries()) {
    const { faults } = readMakeConf([{ path: '/etc/portage/make.conf', text }]);
    if (answers[index]?.strict) expect(faults, name).toEqual([]);
  }
});

/** The same object with its names sorted, at all levels. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => [name, sorted(part)]);
}
