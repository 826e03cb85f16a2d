import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import {
  array,
  boolean,
  nullable,
  number,
  object,
  parse,
  safeParse,
  string,
  unknown,
  type GenericSchema,
  type InferOutput,
} from 'valibot';
import { beforeAll, expect, test } from 'vitest';
import {
  constructs,
  generateCases,
  type GeneratedCase,
  type Reader,
} from '../support/setting-files/generated-cases.ts';
import { parsePackageArgument } from '../../src/portage/atom.ts';
import { ourEmergeOptions, readEmergeLine } from '../support/setting-files/emerge-cases.ts';
import {
  findUseFile,
  hasBrokenPatch,
  hasProfileBelowOld,
  listMakeConf,
  readPackageEnv,
  readRepository,
  readSet,
  readSetNames,
  readSetsOfRepositories,
} from '../support/setting-files/our-readers.ts';

const image = 'gentoo-ministage';
const each = 10;
const seed = Number(process.env['FC_SEED'] ?? 20261201);

/** The readers whose files are below /etc/portage. */
const inConfiguration: ReadonlySet<string> = new Set<Reader>([
  ...(['sets', 'package.env', 'profile', 'user profile', 'patches', 'package.use', 'make.conf'] as const),
]);

/** The answers of Portage's own readers, from one process in the ministage. */
async function askPortage(cases: readonly GeneratedCase[]): Promise<readonly unknown[]> {
  const source = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const program = source('../support/setting-files/read-setting-files.py');
  const ours = [source('../../src/job/tree/is-repository.sh'), source('../../src/store/sources.py')];
  const run = ['run', '--rm', '-i', '--network=none', '--entrypoint=python3', image, '-c', program, ...ours];
  const docker = spawn('docker', run);
  const pathOf = (reader: Reader, path: string) =>
    path.startsWith('/') ? path.slice(1) : inConfiguration.has(reader) ? `etc/portage/${path}` : path;
  const written = cases.map(({ reader, files }) => ({
    reader,
    files: Object.fromEntries(
      Object.entries(files).map(([path, content]) => [
        pathOf(reader, path),
        // zentoo writes sets into a root without their byte order mark.
        reader === 'set' && typeof content === 'string' ? content.replace(/^\uFEFF/, '') : content,
      ]),
    ),
  }));
  docker.stdin.end(JSON.stringify(written));
  const ended = new Promise<number | null>((resolve, reject) => docker.on('close', resolve).on('error', reject));
  const [stdout, stderr, status] = await Promise.all([readText(docker.stdout), readText(docker.stderr), ended]);
  if (status !== 0) throw new Error(`python3 in ${image} ended with ${status}: ${stderr}`);
  const answers = parse(array(unknown()), JSON.parse(stdout));
  expect(answers).toHaveLength(cases.length);
  return answers;
}

const cases = generateCases(each, seed);
let answers: readonly unknown[];

beforeAll(async () => {
  answers = await askPortage(cases);
});

const failed = object({ error: string() });

/**
 * Expects that our answer to each case of a reader is the one that follows from Portage's. `expected` and `ours` return values to be
 * compared; where Portage raises an error, `expected` gets undefined, and its result undefined accepts any answer.
 */
async function compare<S extends GenericSchema, T>(
  reader: Reader,
  schema: S,
  both: {
    readonly ours: (one: GeneratedCase, theirs: InferOutput<S> | undefined) => T | Promise<T>;
    readonly expected: (theirs: InferOutput<S> | undefined, one: GeneratedCase) => T | undefined;
  },
): Promise<void> {
  const disagreements: unknown[] = [];
  const counts = new Map<string, number>();
  for (const [index, one] of cases.entries()) {
    if (one.reader !== reader) continue;
    const error = safeParse(failed, answers[index]);
    const theirs = error.success ? undefined : parse(schema, answers[index]);
    const expected = both.expected(theirs, one);
    counts.set(one.construct, (counts.get(one.construct) ?? 0) + 1);
    if (expected === undefined) continue;
    const ours = await both.ours(one, theirs);
    if (JSON.stringify(ours) !== JSON.stringify(expected))
      disagreements.push({ construct: one.construct, files: one.files, ours, expected, portage: answers[index] });
  }
  if (process.env['DUMP'] !== undefined)
    (await import('node:fs')).writeFileSync(
      `${process.env['DUMP']}/${reader}.json`,
      disagreements.map((d) => JSON.stringify(d)).join('\n'),
    );
  expect(disagreements, `seed ${seed}`).toEqual([]);
  const few = Object.keys(constructs[reader]).filter((construct) => (counts.get(construct) ?? 0) < each);
  expect(few, 'constructs with few cases').toEqual([]);
}

const isSetName = (text: string) => parsePackageArgument(text).ok;
const unique = (texts: readonly string[]) => [...new Set(texts)].toSorted();

test('a set file has the atoms and the sets that Portage reads, and other lines are faults', () =>
  compare('set', object({ atoms: array(string()), sets: array(string()), refused: array(number()) }), {
    // Portage takes any text after @ for the name of a set.
    expected: (theirs) =>
      theirs && {
        ...theirs,
        sets: theirs.sets.filter((name) => isSetName(name)).toSorted(),
        atoms: theirs.atoms.toSorted(),
      },
    ours: ({ files }) => {
      const { atoms, sets, refused } = readSet(files);
      return { atoms: unique(atoms), sets: unique(sets), refused };
    },
  }));

test('the files below a directory of sets that are sets', () =>
  compare('sets', array(string()), {
    expected: (theirs) => theirs && { own: theirs, shared: theirs.filter((name) => !name.includes('/')) },
    ours: ({ files }) => readSetNames(files),
  }));

test('case 2.1: the sets that sets.conf of two repositories and of the user define together', () =>
  compare('sets.conf', array(string()), {
    expected: (theirs) => theirs,
    ours: ({ files }) => readSetsOfRepositories(files),
  }));

test('whether files are a repository, and its name', () =>
  compare('repository', object({ name: nullable(string()), shell: boolean() }), {
    expected: (theirs) =>
      theirs && { isRepository: theirs.name !== null, shell: theirs.name !== null, other: undefined },
    ours: async ({ files }, theirs) => {
      const { isRepository, other } = await readRepository(files, theirs?.name ?? null);
      return { isRepository, shell: theirs?.shell ?? false, other: theirs?.name === null ? undefined : other };
    },
  }));

test('the files of env/ that package.env names', () =>
  compare('package.env', array(string()), {
    expected: (theirs) => theirs,
    ours: ({ files }) => readPackageEnv(files),
  }));

test.each(['profile', 'user profile'] as const)('the directories that a %s inherits from', (reader) =>
  compare(reader, array(string()), {
    expected: (theirs) => (theirs?.length === 0 ? undefined : theirs?.some((path) => path.startsWith('old/'))),
    ours: ({ files }) => hasProfileBelowOld(files),
  }),
);

test('the patches at which emerge fails', () =>
  compare('patches', nullable(string()), {
    expected: (theirs) => theirs === undefined,
    ours: ({ files }) => hasBrokenPatch(files),
  }));

test('the file that takes a line of package.use', () =>
  compare('package.use', string(), { expected: (theirs) => theirs, ours: ({ files }) => findUseFile(files) }));

test('the files of a directory make.conf', () =>
  compare('make.conf', array(string()), {
    expected: (theirs) => theirs && { zentoo: theirs, builder: theirs },
    ours: ({ files }) => listMakeConf(files),
  }));

test('the sources that a Manifest lists', () =>
  compare('Manifest', object({ theirs: array(string()), ours: array(string()) }), {
    expected: (theirs) => theirs?.theirs,
    ours: (_one, theirs) => theirs?.ours ?? [],
  }));

test('case 2.9: our options of emerge are those of emerge: judge a new one in src/portage/emerge-option.ts', () =>
  compare('emerge options', array(unknown()), { expected: (theirs) => theirs, ours: ourEmergeOptions }));

test('case 2.9: the options of a command line, where emerge accepts it', () => {
  const linesOf = ({ files }: GeneratedCase) =>
    (typeof files['options'] === 'string' ? files['options'] : '').split('\n');
  return compare('emerge', array(nullable(array(array(string())))), {
    // What emerge refuses because of a value, we need not refuse.
    expected: (theirs, one): readonly unknown[] =>
      linesOf(one).flatMap((line, index) => (theirs?.[index] ? [[line, theirs[index]]] : [])),
    ours: (one, theirs): readonly unknown[] =>
      linesOf(one).flatMap((line, index) => (theirs?.[index] ? [[line, readEmergeLine(line)]] : [])),
  });
});
