import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { help } from '../../src/cli/help.ts';
import { exitStatuses } from '../../src/failure.ts';
import schema from '../../src/site/site.schema.json' with { type: 'json' };
import { findCommands, projectDirectory, readCommands, readDocument } from '../support/documents.ts';

const ignored = ['node_modules/**', '**/node_modules/**', 'dist/**'];
const documents = globSync('**/*.md', { cwd: projectDirectory, exclude: ignored }).toSorted();

describe('README.md', () => {
  it('has at most 1,000 words', () => {
    expect(readDocument('README.md').split(/\s+/).length).toBeLessThanOrEqual(1000);
  });

  it('tells of security in three sentences', () => {
    const [, section = ''] = /^## Security\n\n([^]*?)\n\nMIT licence\.$/m.exec(readDocument('README.md')) ?? [];
    expect(section.match(/[.:!?](?=\s|$)/g)?.filter((end) => end !== ':')).toHaveLength(3);
  });
});

describe('docs/exit-statuses.md', () => {
  it('lists each exit status with its code', () => {
    const rows = [
      ...readDocument('docs/exit-statuses.md').matchAll(/^\| ([\d, ]+?) +\| ((?:`[a-z-]+`(?:, )?)*) +\|/gm),
    ].flatMap(([, statuses = '', codes = '']) => {
      const numbers = statuses.split(', ').map(Number);
      const names = [...codes.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
      return names.map((name, index) => [name, numbers[index] ?? numbers[0]] as const);
    });
    expect(Object.fromEntries(rows)).toEqual({ defect: 1, ...exitStatuses });
  });
});

describe('docs/gentoo-builder.md', () => {
  it('lists each option of --help, and no other', () => {
    const [, table = ''] = readDocument('docs/gentoo-builder.md').split('\n## Options\n');
    const optionsOf = (text: string) =>
      new Set([...text.matchAll(/^(?:\| `|  )(--[a-z-]+)|, `?(--version)/gm)].map(([, a, b]) => a ?? b));
    expect(optionsOf(table.split('\n## ')[0] ?? '')).toEqual(optionsOf(help));
  });
});

describe('docs/zentoo.md', () => {
  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(readDocument('docs/zentoo.md')) ?? [];

  it('shows a site.yaml that the schema accepts', () => {
    const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
    validate(parse(yaml));
    expect(validate.errors).toBe(null);
  });

  it('shows a site.yaml with each key of the schema', () => {
    expect(missingKeys(schema, [parse(yaml)], '')).toEqual([]);
  });
});

describe('docs/glossary.md', () => {
  it.each([
    ['Docker users', ['stage3', 'atom', 'set', 'profile', 'CHOST', 'USE flag', 'distfiles', 'elog', 'slot']],
    ['Gentoo users', ['sibling', 'layer', 'volume', 'service']],
  ])('has the words that are new to %s', (readers, words) => {
    const [, section = ''] =
      new RegExp(`^## .*, for ${readers}\\n([^]*?)(?:^## |$(?![^]))`, 'm').exec(readDocument('docs/glossary.md')) ?? [];
    const explained = [...section.matchAll(/^\| (\S[^|]*?) +\| \S/gm)].map(([, word]) => word);
    expect(explained).toEqual(expect.arrayContaining(words));
  });
});

describe('commands of the documents', () => {
  // A list of commands for developers, a map, and a table that the bench writes.
  const others = ['CONTRIBUTING.md', 'src/README.md', 'docs/benchmarks.md', 'docs/benchmarks-swarm.md'];
  const calls = globSync('test/{e2e,sites}/**/*.test.ts', { cwd: projectDirectory }).flatMap((test) => [
    ...readDocument(test).matchAll(/readCommands\(\s*'([^']+)',\s*'([^']+)',\s*(\d+),?\s*\)/g),
  ]);

  it.each(documents.filter((document) => !others.includes(document)))(
    '%s shows only commands that tests run',
    (document) => {
      const run = calls
        .filter(([, name]) => name === document)
        .flatMap(([, , heading = '', count]) => readCommands(document, heading, Number(count)));
      expect(findCommands(document).filter((line) => !run.includes(line))).toEqual([]);
    },
  );

  it.each(documents)('%s has no command in a fenced block', (document) => {
    const kinds = [...readDocument(document).matchAll(/^```(.+)$/gm)].map(([, kind = '']) => kind);
    expect(kinds.filter((kind) => !['json', 'text', 'yaml'].includes(kind))).toEqual([]);
  });
});

describe('links of the documents', () => {
  it.each(documents)('%s links only to files and headings that exist', (document) => {
    const text = readDocument(document);
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !isTarget(document, target))).toEqual([]);
  });

  // CHANGELOG names what was removed, too.
  it.each(documents.filter((path) => path !== 'CHANGELOG.md'))('%s names only npm scripts that exist', (document) => {
    const { scripts } = JSON.parse(readDocument('package.json')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = [...readDocument(document).matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** The folders of the sources that have files of their own. */
const rooms = [
  ...new Set(globSync('src/*/**/*.ts', { cwd: projectDirectory }).map((path) => dirname(path))),
].toSorted();

describe('README.md of a room', () => {
  it.each(rooms)('%s says in at most ten lines what the room promises', (room) => {
    const lines = readDocument(`${room}/README.md`).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.slice(1).join('').trim()).not.toBe('');
  });
});

describe('src/README.md', () => {
  it('names each room', () => {
    const map = readDocument('src/README.md');
    const isNamed = (room: string) =>
      map.includes(`${room.slice('src/'.length)}/`) || map.includes(` ${basename(room)}/`);
    expect(rooms.filter((room) => !isNamed(room))).toEqual([]);
  });

  it('is a map of at most 80 lines', () => {
    expect(readDocument('src/README.md').split('\n').length).toBeLessThanOrEqual(81);
  });
});

describe('documents about the code', () => {
  const sources = new Set(
    globSync('{src,setup,test,entrypoint}/**/*.{ts,js,py,sh,json}', { cwd: projectDirectory }).map((path) =>
      basename(path),
    ),
  );

  it.each(documents.filter((path) => /^(?:src|docs\/decisions)\//.test(path)))(
    '%s names only source files that exist',
    (document) => {
      const named = [...readDocument(document).matchAll(/`(?:[\w-]+\/)*([\w-]+\.(?:ts|js|py|sh))`/g)].map(
        ([, name = '']) => name,
      );
      expect(named.filter((name) => !sources.has(name))).toEqual([]);
    },
  );
});

/** Whether a link of a document leads to a file and, behind `#`, to a heading of it as GitHub names it. */
function isTarget(document: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? document : normalize(join(dirname(document), file));
  if (!existsSync(join(projectDirectory, path))) return false;
  if (anchor === undefined) return true;
  const headings = [...readDocument(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.some(
    (heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-') === anchor,
  );
}

/** The part of JSON Schema by which the keys of site.yaml are found. */
interface Keys {
  readonly type?: string;
  readonly $ref?: string;
  /** Of two schemas, the second one is that of an object. */
  readonly anyOf?: readonly Keys[];
  readonly properties?: Readonly<Record<string, Keys>>;
  readonly patternProperties?: Readonly<Record<string, Keys>>;
  readonly additionalProperties?: Keys | boolean;
  readonly items?: Keys;
}

/** The paths of the schema's keys that none of the values has. */
function missingKeys(part: Keys, values: readonly unknown[], path: string): readonly string[] {
  const { properties = {}, patternProperties = {}, additionalProperties, items } = resolve(part);
  const entries = values.filter(isRecord).flatMap((value) => Object.entries(value));
  const below = (name: string, next: Keys, fits: (key: string) => boolean): readonly string[] => {
    const found = entries.filter(([key]) => fits(key)).map(([, value]) => value);
    return found.length === 0 ? [`${path}/${name}`] : missingKeys(next, found, `${path}/${name}`);
  };
  return [
    ...Object.entries(properties).flatMap(([name, next]) => below(name, next, (key) => key === name)),
    ...Object.entries(patternProperties).flatMap(([name, next]) => below(name, next, (key) => RegExp(name).test(key))),
    ...(typeof additionalProperties === 'object' ? below('*', additionalProperties, () => true) : []),
    ...(items === undefined ? [] : missingKeys(items, values.filter(Array.isArray).flat(), `${path}[]`)),
  ];
}

function resolve(part: Keys): Keys {
  const name = part.$ref?.replace('#/definitions/', '');
  if (name === undefined) return part.anyOf?.[1] ?? part;
  const definitions: Readonly<Record<string, Keys>> = schema.definitions;
  return definitions[name] ?? part;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
