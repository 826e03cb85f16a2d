import fc from 'fast-check';
import { emergeConstructs } from './emerge-cases.ts';
import type {
  ConfigurationFile,
  ConfigurationFiles,
} from '../../unit/portage/configuration/make-conf/generated-files.ts';

/** The files that are read by several readers: Portage's and ours. */
export type Reader = keyof typeof constructs;

/** The files of a case. A path that begins with `/` is absolute, others are below the reader's directory; `@/` in a text is the root. */
export interface GeneratedCase {
  readonly reader: Reader;
  readonly construct: string;
  readonly files: ConfigurationFiles;
}

/** Stands for a byte that is not UTF-8. */
const wrong = '\uE000';

/** White space of Python or of JavaScript, and characters that only look like it. */
const space = fc.constantFrom(
  ...[
    '\t',
    '\u00a0',
    '\f',
    '\v',
    '\u0085',
    '\u001c',
    '\u001f',
    '\u2028',
    '\u3000',
    '\u200b',
    '\ufeff',
    '\u180e',
    ' \t ',
  ],
);

type Texts = Readonly<Record<string, fc.Arbitrary<string>>>;

/** The constructs that a line of any file may have. Each `item` is a line that means something. */
function lineConstructs(item: fc.Arbitrary<string>): Texts {
  const both = fc.tuple(item, item);
  const parts: Texts = {
    'an item': item,
    'a comment': fc.oneof(
      fc.constantFrom('#', '# why', '  # why', '#\u00a0'),
      item.map((text) => `#${text}`),
    ),
    'a trailing comment': fc
      .tuple(item, fc.constantFrom(' # why', '# why', ' #', '\t#why'), item)
      .map(([text, comment, other]) => `${text}${comment} ${other}`),
    'blank lines': fc
      .tuple(item, fc.constantFrom('\n\n', '\n \n', '\n\t\f\n'))
      .map(([text, blank]) => `${blank}${text}${blank}`),
    'a continuation': both.map(([text, other]) => `${text} \\\n${other}`),
    'an indented line': both.map(([text, other]) => `${text}\n  ${other}`),
    quotes: fc.tuple(item, fc.constantFrom('"', "'")).map(([text, quote]) => `${quote}${text}${quote}`),
    'a duplicate': both.map(([text, other]) => `${text}\n${other}\n${text}`),
    'two items': both.map(([text, other]) => `${text} ${other}`),
    'white space before an item': fc.tuple(space, item).map((words) => words.join('')),
    'white space after an item': fc.tuple(item, space).map((words) => words.join('')),
    'white space between items': fc.tuple(item, space, item).map((words) => words.join('')),
    'a wrong byte': fc.oneof(
      item.map((text) => `${text}${wrong}`),
      item.map((text) => `${text} # caf${wrong}`),
      item.map((text) => `# ${wrong}\n${text}`),
    ),
    'a zero byte': item.map((text) => `${text}\0`),
    'an odd line': fc.constantFrom('[', ']', '=', ':', '/', '\\', '-', '--', '*', '@', '$x', '%', 'é', '()', '-*'),
  };
  const text = (part: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.array(item, { maxLength: 2 }), part, fc.array(item, { maxLength: 2 }), fc.constantFrom('\n', ''))
      .map(([before, middle, after, end]) => `${[...before, middle, ...after].join('\n')}${end}`);
  return {
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, text(part)])),
    'CR LF': text(item).map((made) => made.replaceAll('\n', '\r\n')),
    CR: text(item).map((made) => made.replaceAll('\n', '\r')),
    'a BOM': text(fc.oneof(item, fc.constant('# why'))).map((made) => `\uFEFF${made}`),
    'an empty file': fc.constantFrom('', '\n', ' \n', '#'),
  };
}

const contentOf = (text: string): ConfigurationFile => (text.includes(wrong) ? { base64: bytesOf(text) } : text);

/** The bytes of a text with a byte that is not UTF-8, in base64. */
function bytesOf(text: string): string {
  return Buffer.concat(
    text.split(wrong).flatMap((part, index) => [...(index > 0 ? [Buffer.of(0xe9)] : []), Buffer.from(part)]),
  ).toString('base64');
}

/** Files of which one has a text with each of the constructs. */
function inFile(path: string, texts: Texts, others: ConfigurationFiles = {}): Constructs {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, text.map((made) => ({ ...others, [path]: contentOf(made) }))]),
  );
}

type Constructs = Readonly<Record<string, fc.Arbitrary<ConfigurationFiles>>>;

/** Names of files and directories of which Portage reads some. */
const name = fc.constantFrom(
  'a',
  'b',
  'z',
  'B',
  'é',
  '.a',
  'a~',
  'CVS',
  'RCS',
  'SCCS',
  '#a#',
  'a.bak',
  '.git',
  'a b',
  '-x',
  '._cfg0000_a',
);

/** Directories of files below `top`, with nested, hidden and backup files, and links. Each file has one of the texts. */
function inDirectory(top: string, text: fc.Arbitrary<string>, others: ConfigurationFiles = {}): Constructs {
  const nested = fc.oneof(
    name,
    fc.tuple(name, name).map((names) => names.join('/')),
    fc.tuple(name, name, name).map((names) => names.join('/')),
  );
  const tree = fc
    .array(fc.tuple(nested, text), { minLength: 1, maxLength: 6 })
    .map((files) => withoutClashes(files.map(([path, content]) => [`${top}/${path}`, content])));
  const link = fc.constantFrom('a', 'z', '../other', '../others', '/other', 'none', 'a~', '../CVS');
  return {
    'a directory': tree.map((files) => ({ ...others, ...files })),
    'links in a directory': fc.tuple(tree, name, link, text).map(([files, from, to, content]) => ({
      ...others,
      ...withoutClashes([...Object.entries(files), [`${top}/${from}`, { link: to.startsWith('/') ? `@${to}` : to }]]),
      ...{ other: content, 'others/x': content, 'others/.y': content, 'CVS/x': content, '/other': content },
    })),
    'a link': fc
      .tuple(fc.constantFrom('other', 'others', 'none', '../portage/other', 'CVS', top), text)
      .map(([link, content]) => ({
        ...others,
        ...{ [top]: { link }, other: content, 'others/x': content, 'others/b/y': content, 'CVS/x': content },
      })),
  };
}

/** Directories that are no links themselves: `sets` must not be one. */
function withoutLink(made: Constructs): Constructs {
  return Object.fromEntries(Object.entries(made).filter(([construct]) => construct !== 'a link'));
}

/** The files whose paths are not below those of other files; of equal paths the first. */
function withoutClashes(files: readonly (readonly [string, ConfigurationFile])[]): ConfigurationFiles {
  const kept: Record<string, ConfigurationFile> = {};
  for (const [path, content] of files)
    if (Object.keys(kept).every((other) => !`${path}/`.startsWith(`${other}/`) && !other.startsWith(`${path}/`)))
      kept[path] = content;
  return kept;
}

const atom = fc.constantFrom(
  ...[
    'a/b',
    '>=a/b-1',
    '=a/b-1-2',
    'a/b:0',
    'a/b::gentoo',
    'a/b[x]',
    'a/b:0=',
    '=a/b-1*',
    '~a/b-1',
    'A/B',
    '_/_+',
    'é/b',
  ],
  ...['hello', 'world', '-a/b', '!a/b', '*/*', 'a/*', '=a/b', 'a/b-1', 'a/b:', 'a//b', 'a/b/c'],
  ...['a/b', 'c/d', 'e/f', '@x', '@x-1', '@kde/apps', '@system'],
);

const environment = fc.constantFrom(
  'one',
  'two',
  'three',
  'sub/four',
  '../five',
  '/six',
  '@/etc/portage/six',
  'none',
  '../one',
  './one',
  'link',
  'é',
);
const values = Object.fromEntries(
  ['env/one', 'env/two', 'env/three', 'env/sub/four', 'five', 'six', 'one', 'env/é', 'env/linked'].map((path) => [
    path,
    `PORTAGE_TMPDIR="/tmp/${path}"\n`,
  ]),
);
const environments = { ...values, 'env/link': { link: 'linked' }, '/six': 'PORTAGE_TMPDIR="/tmp/outside"\n' };
const packageEnv = fc.tuple(atom, environment).map((words) => words.join(' '));

const nameLine = fc.constantFrom(
  ...[
    'repo-name = mine',
    'repo-name=mine',
    'repo-name = mine two',
    'repo-name =',
    'repo-name = !!',
    'Repo-Name = mine',
    'repo-name mine',
  ],
  ...[
    'masters = gentoo',
    'aliases = repo-name',
    'x-repo-name = x',
    'repo-name : mine',
    'repo-name = # mine',
    'repo-name = -',
    'repo-name == x',
  ],
  ...[
    '= mine',
    'repo-name\n= mine',
    'repo-name =\nmine',
    'thin-manifests = true',
    'profile-formats = portage-2',
    'repo-name = é',
  ],
);
const repository = fc.constantFrom('mine', 'my repo', '-mine', '!!', '', 'x::y', 'gentoo', 'é', ' mine ', 'mine/x');

const section = fc
  .tuple(
    fc.constantFrom('one', 'two', 'one', 'x y', 'é'),
    fc.array(
      fc.constantFrom(
        ...[
          'class = portage.sets.files.StaticFileSet',
          'class = StaticFileSet',
          'class = portage._sets.files.StaticFileSet',
        ],
        ...['class = files.StaticFileSet', 'class = portage.sets.base.DummyPackageSet', 'class = nothing.Set'],
        ...[
          'filename = /srv/x',
          'packages = a/b',
          'multiset = true',
          'multiset = no',
          'multiset = yes',
          'multiset = 1',
        ],
        ...[
          'directory = ${repository:mine}/sets',
          'directory = @/sets',
          'directory = /nonexistent',
          'directory = ${repository:none}/x',
        ],
        ...[
          'name = other',
          'name = a/b',
          'name_pattern = my-$name',
          'name_pattern = ${name}s',
          'name_pattern = x',
          'world-candidate = true',
        ],
        ...[
          '# why',
          '; why',
          'files = /usr/bin/x',
          'greedy = yes',
          'category = a',
          'multiset = maybe',
          'directory = %(EROOT)ssrv',
        ],
      ),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([title, lines]) =>
    [`[${title}]`, ...new Map(lines.map((line) => [line.split(' ')[0], line])).values()].join('\n'),
  );
const setFiles = {
  'sets/apps': 'a/b\n',
  'sets/.hidden': 'a/b\n',
  'sets/old~': 'a/b\n',
  'sets/x.metadata': '',
  'sets/kde/apps': 'a/b\n',
};

const parent = fc.constantFrom(
  ...[
    '@/old/profiles/x',
    '@/old/profiles/x',
    '../../../old/profiles/x',
    '../base',
    '@/etc/portage/base',
    '@/new/profiles/x',
    '.',
    '../chain',
  ],
);
const profiles = {
  ...{
    '/old/profiles/x/eapi': '8\n',
    '/new/profiles/x/eapi': '8\n',
    'base/eapi': '8\n',
    'chain/parent': '@/old/profiles/x\n',
  },
};

const patch = fc.constantFrom(
  'x.patch',
  'x.diff',
  'x.txt',
  '.x.patch',
  'x.patch~',
  'x.PATCH',
  'sub/x.patch',
  'x.patch/y',
);
const patchDirectory = fc.constantFrom('a/b', 'a/b-1', 'a/b:0', '.a/b', 'a/.b', 'a~/b', 'a', 'a/b/c', 'CVS/b');
const patchFile = fc.tuple(patchDirectory, patch).map((parts) => `patches/${parts.join('/')}`);
const someFile = fc.constantFrom<ConfigurationFile>(
  'x',
  { link: 'none' },
  { link: '@/none' },
  { link: '@/etc/portage/real' },
);

const manifestLine = fc.constantFrom(
  ...[
    'DIST x.tar 10 BLAKE2B 0a SHA512 0b',
    'DIST y.tar 10 BLAKE2B 0a',
    'EBUILD b-1.ebuild 10 BLAKE2B 0a',
    'DIST x.tar',
    'DIST é.tar 1 SHA512 0',
  ],
);

/** The constructs of the files of each reader. */
export const constructs = {
  set: inFile('set', lineConstructs(atom)),
  sets: withoutLink(inDirectory('sets', fc.constantFrom('a/b\n', ''))),
  'sets.conf': {
    ...inFile('sets.conf', lineConstructs(section), setFiles),
    'two repositories': fc
      .tuple(fc.array(section, { maxLength: 3 }), fc.array(section, { maxLength: 3 }))
      .map(([one, other]) => ({
        ...{ ...setFiles, 'sets.conf': one.join('\n'), 'other/sets.conf': other.join('\n'), 'other/sets/it': '' },
      })),
    "two repositories and the user's": fc.tuple(section, section, section).map(([one, other, own]) => ({
      ...{ ...setFiles, 'sets.conf': one, 'other/sets.conf/b/a': other, 'other/sets.conf/c': one },
      'configuration/etc/portage/sets.conf': own,
    })),
    'a linked sets.conf': fc.tuple(section, section).map(([one, other]) => ({
      ...{ ...setFiles, 'sets.conf': { link: 'real' }, real: one, 'other/sets.conf/a': { link: '../../real' } },
      'other/sets.conf/b': other,
    })),
    'a directory': fc
      .array(fc.tuple(fc.constantFrom('a', 'b.conf', '.c', 'd~', 'e/f', 'e/.g', '.h/i', 'k/l/m'), section), {
        minLength: 1,
      })
      .map((files) =>
        withoutClashes([
          ...files.map(([path, text]) => [`sets.conf/${path}`, text] as const),
          ...Object.entries(setFiles),
        ]),
      ),
  },
  repository: {
    ...inFile('metadata/layout.conf', lineConstructs(nameLine)),
    ...Object.fromEntries(
      Object.entries(inFile('profiles/repo_name', lineConstructs(repository))).map(([key, made]) => [
        `${key} in repo_name`,
        made,
      ]),
    ),
    'both files': fc.tuple(nameLine, repository).map(([line, text]) => ({
      ...{ 'metadata/layout.conf': line, 'profiles/repo_name': `${text}\n` },
    })),
    'an EAPI': fc.tuple(nameLine, fc.constantFrom('7', '8', '9', '99', '8\n8')).map(([line, eapi]) => ({
      ...{ 'metadata/layout.conf': line, 'profiles/eapi': `${eapi}\n` },
    })),
    'neither file': fc.constantFrom<ConfigurationFiles>(
      { 'profiles/x': '' },
      { 'metadata/x': '' },
      { 'metadata/layout.conf': { link: 'none' } },
      { 'profiles/repo_name': { link: 'none' } },
    ),
    links: fc
      .tuple(nameLine, repository, fc.constantFrom('../real', '../to/real', '../loop'))
      .map(([line, text, link]) => ({
        ...{ 'metadata/layout.conf': { link: `${link}.conf` }, 'profiles/repo_name': { link: `${link}-name` } },
        ...{ 'real.conf': line, 'real-name': `${text}\n`, to: { link: '.' } },
        ...{ 'loop.conf': { link: 'loop.conf' }, 'loop-name': { link: 'none' } },
      })),
    'a linked layout.conf': fc
      .tuple(nameLine, fc.constantFrom('../real', '../to/real', '../none'))
      .map(([line, link]) => ({
        ...{ 'metadata/layout.conf': { link }, real: line, to: { link: '.' } },
      })),
  },
  'package.env': {
    ...inFile('package.env', lineConstructs(packageEnv), environments),
    ...inDirectory('package.env', packageEnv, environments),
  },
  profile: inFile('make.profile/parent', lineConstructs(parent), profiles),
  'user profile': inFile('profile/parent', { 'a parent': parent }, { ...profiles, 'make.profile/parent': '../base\n' }),
  patches: {
    'a file': fc.tuple(patchFile, someFile).map(([path, content]) => ({ [path]: content, real: 'x' })),
    'a linked directory': fc
      .tuple(fc.constantFrom('patches', 'patches/a', 'patches/a/b'), patch, someFile)
      .map(([from, file, content]) => {
        const below = from === 'patches' ? 'a/b/' : from === 'patches/a' ? 'b/' : '';
        return { [from]: { link: `@/etc/portage/dir` }, [`dir/${below}${file}`]: content, real: 'x' };
      }),
  },
  'package.use': {
    ...inDirectory('package.use', fc.constant('a/b x\n')),
    'a file': fc.constantFrom<ConfigurationFiles>({ 'package.use': 'a/b x\n' }, {}, { 'package.user': '' }),
  },
  'make.conf': inDirectory('make.conf', fc.constant('A=1\n')),
  Manifest: inFile('Manifest', lineConstructs(manifestLine)),
  emerge: emergeConstructs,
  'emerge options': { 'the list': fc.constant<ConfigurationFiles>({}) },
} satisfies Readonly<Record<string, Constructs>>;

/** Generates `each` cases of each construct of each reader; equal seeds generate equal ones. */
export function generateCases(each: number, seed: number): readonly GeneratedCase[] {
  return readersOf(constructs).flatMap((reader) =>
    Object.entries<fc.Arbitrary<ConfigurationFiles>>(constructs[reader]).flatMap(([construct, files], index) =>
      // Another seed for each construct, because equal seeds would repeat the items.
      fc.sample(files, { seed: seed + index, numRuns: each }).map((made) => ({ reader, construct, files: made })),
    ),
  );
}

function readersOf<T extends object>(all: T): readonly (keyof T & string)[] {
  return Object.keys(all).filter((key): key is keyof T & string => key in all);
}
