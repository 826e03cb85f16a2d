import { execFileSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../../../oxlint.config.ts';
import { roomOf } from '../../../setup/lint/walls.js';

const project = join(import.meta.dirname, '../../..');
const [, walls] = (config.overrides?.[0]?.rules?.['walls/imports'] ?? []) as unknown as [
  string,
  { rooms: Record<string, string> },
];
const rooms = Object.entries(walls.rooms).map(([room, allowed]) => ({ room, allowed: allowed.split(' ') }));
const files = globSync('**/*.ts', { cwd: join(project, 'src') });

describe('the table of rooms', () => {
  it('lists every room of src, and no other', () => {
    expect(rooms.map(({ room }) => room).toSorted()).toEqual([...new Set(files.map(roomOf))].toSorted());
  });

  it.each(rooms)('lets $room import only rooms that are listed below it', ({ room, allowed }) => {
    const order = rooms.map((one) => one.room);
    const below = order.slice(order.indexOf(room) + 1);
    const outside = allowed.filter(Boolean).filter((name) => !below.includes(name) && !below.includes(roomOf(name)));
    expect(outside).toEqual([]);
  });

  it.each(rooms)('allows $room nothing that it does not import', ({ room, allowed }) => {
    const imported = files.filter((file) => roomOf(file) === room).flatMap(importsOf);
    const used = new Set(imported.flatMap((target) => [target, roomOf(target)]));
    expect(allowed.filter(Boolean).filter((name) => !used.has(name))).toEqual([]);
  });

  it('is in a file of less than 150 lines', () => {
    expect(readFileSync(join(project, 'oxlint.config.ts'), 'utf8').trimEnd().split('\n').length).toBeLessThan(150);
  });

  it.each(rooms.filter(({ room }) => !room.endsWith('.ts')))(
    'has at most 25 files in $room, with its programs and README; 28 in container',
    ({ room }) => {
      const inside = readdirSync(join(project, 'src', room), { withFileTypes: true }).filter((entry) => entry.isFile());
      expect(inside.length).toBeLessThanOrEqual(room === 'container' ? 28 : 25);
    },
  );
});

describe('the linter', () => {
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'walls-'));
    for (const path of ['oxlint.config.ts', 'tsconfig.json', 'package.json', 'setup/lint']) {
      cpSync(join(project, path), join(copy, path), { recursive: true });
    }
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
    // The rule reads what a file imports; whether the imported file is there is the compiler's business.
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), text);
    };
    write('src/portage/static.ts', "import { connect } from '../engine/docker/connect-engine.ts';\nvoid connect;\n");
    write('src/portage/dynamic.ts', "export const load = () => import('../engine/docker/connect-engine.ts');\n");
    write('src/portage/computed.ts', 'export const load = (name: string) => import(name);\n');
    write('src/portage/type.ts', "export type Engine = import('../engine/engine.ts').Engine;\n");
    write('src/portage/export.ts', "export { connect } from '../engine/docker/connect-engine.ts';\n");
    write('src/plan/door.ts', "import { live } from '../report/live.ts';\nvoid live;\n");
    write('src/builder/package.ts', "import Docker from 'dockerode';\nvoid Docker;\n");
    write('src/unlisted/file.ts', "import { Failure } from '../failure.ts';\nvoid Failure;\n");
    write('src/plan/value-a.ts', "import { b } from './value-b.ts';\nexport const a = (): unknown => b;\n");
    write('src/plan/value-b.ts', "import { a } from './value-a.ts';\nexport const b = (): unknown => a;\n");
    write('src/plan/type-a.ts', "import type { B } from './type-b.ts';\nexport type A = B | 1;\n");
    write('src/plan/type-b.ts', "import type { A } from './type-a.ts';\nexport type B = readonly A[];\n");
    write(
      'src/plan/cast.ts',
      "export const a = JSON.parse('1') as { readonly b: 1 };\nexport const c = [1] as const;\n",
    );
    write('src/portage/atom.ts', "export const a = '' as '' & { readonly brand: 'Atom' };\n");
    write('src/plan/allowed.ts', "import { Failure } from '../failure.ts';\nvoid Failure;\n");
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  /** The files in which the linter finds a fault of this kind, sorted. */
  const refusedBy = (rule: string): readonly string[] => {
    const { diagnostics } = JSON.parse(runLinter(copy)) as { diagnostics: { code: string; filename: string }[] };
    return [...new Set(diagnostics.filter(({ code }) => code === rule).map(({ filename }) => filename))].toSorted();
  };

  it('refuses a circle of imports, of types too', () => {
    const names = ['type-a', 'type-b', 'value-a', 'value-b'];
    expect(refusedBy('import(no-cycle)')).toEqual(names.map((name) => `src/plan/${name}.ts`));
  });

  it('refuses a cast, except in the parsers of brands and the adaptor of dockerode', () => {
    expect(refusedBy('typescript(consistent-type-assertions)')).toEqual(['src/plan/cast.ts']);
  });

  it('refuses each forbidden import, however it is written, and no other', () => {
    expect(refusedBy('walls(imports)')).toEqual([
      'src/builder/package.ts',
      'src/plan/door.ts',
      'src/portage/computed.ts',
      'src/portage/dynamic.ts',
      'src/portage/export.ts',
      'src/portage/static.ts',
      'src/portage/type.ts',
      'src/unlisted/file.ts',
    ]);
  });
});

/** The files of src that a file imports, relative to `src`. The linter checks the form of imports. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(project, 'src', file), 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport\()\s*'(\.[^']+)'/g)].map(([, specifier = '']) => specifier);
  return specifiers.map((specifier) => join(dirname(file), specifier));
}

/** What the linter prints of a directory, as JSON; it ends with 1 where it found something. */
function runLinter(directory: string): string {
  try {
    return execFileSync(process.execPath, [join(project, 'node_modules/oxlint/bin/oxlint'), '--format=json'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
