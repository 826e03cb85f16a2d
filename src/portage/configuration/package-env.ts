import { posix } from 'node:path';
import { atomFault } from '../atom-grammar.ts';
import type { MakeConfFile } from './make-conf.ts';
import type { Position } from './make-conf-tokens.ts';
import { splitWords, textLines } from './python-text.ts';

/** A file that package.env names for an atom. */
export interface EnvName {
  readonly atom: string;
  /** The path as Portage makes it; it may contain `..`. */
  readonly path: string;
  /** The position of the name. */
  readonly place: Position;
}

/** The atom that matches every package, without a slot or a repository: Portage adds its variables to those of make.conf. */
export const everyPackage = '*/*';

const directory = '/etc/portage/env/';

/** The names after each atom of package.env, in their order; lines without an atom have none (`grabdict_package` in portage/util). */
export function readPackageEnv(files: readonly MakeConfFile[]): readonly EnvName[] {
  return files.flatMap(({ path: file, text }) =>
    textLines(text).flatMap((line, index) => {
      const found = splitWords(line);
      const comment = found.findIndex((word) => word.text.startsWith('#'));
      const [atom, ...names] = comment < 0 ? found : found.slice(0, comment);
      if (atom === undefined || !isAtomOfConfiguration(atom.text)) return [];
      return names.map(({ text: name, index: at }) => ({
        atom: atom.text,
        // As Python's os.path.join, which leaves an absolute name as it is, and links before .. to the file system.
        path: posix.isAbsolute(name) ? name : `${directory}${name}`,
        place: { file, line: index + 1, column: at + 1 },
      }));
    }),
  );
}

/** Whether Portage may take a word for an atom: unlike on a command line, it may have wildcards and block a package. */
function isAtomOfConfiguration(text: string): boolean {
  const atom = text.replace(/^!!?/, '');
  return /^[^:[]*\//.test(atom) && [atom, atom.replaceAll('*', 'x')].some((one) => atomFault(one) === undefined);
}

/** What a name in package.env leads to instead of a file. */
export type NoFile = 'absent' | 'directory' | 'below-file' | 'loop';

const noFiles: Readonly<Record<NoFile, string>> = {
  absent: 'does not exist: Portage passes over it',
  directory: 'is a directory: Portage passes over it',
  'below-file': 'is below a file, and emerge fails: correct the name',
  loop: 'is a symbolic link that leads back to itself, and emerge fails: correct the link',
};

/** Whether emerge fails at a name that leads to no file (`getconfig` in portage/util passes over two of the errors). */
export function isFatal(kind: NoFile): boolean {
  return kind === 'below-file' || kind === 'loop';
}

/** Describes a name that leads to no file, as a clause. */
export function describeNoFile(path: string, kind: NoFile): string {
  return `it names ${path}, which ${noFiles[kind]}`;
}
