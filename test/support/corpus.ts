import { readdirSync, readFileSync } from 'node:fs';
import type { BranchEntry } from '../../src/site/site.ts';
import type { ConfigurationFiles } from '../unit/portage/configuration/make-conf/generated-files.ts';

const corpus = new URL('../corpus/', import.meta.url);

/** The make.conf files of the corpus, by name. */
export function corpusOfMakeConf(): readonly (readonly [name: string, text: string])[] {
  const directory = new URL('make-conf/', corpus);
  return readdirSync(directory)
    .toSorted()
    .map((name) => [name, readFileSync(new URL(name, directory), 'utf8')]);
}

/**
 * The /etc/portage directories of the corpus, by name. A directory is one text: `=== PATH` begins a file, and
 * `=== PATH -> TARGET` is a symbolic link.
 */
export function corpusOfDirectories(): readonly (readonly [name: string, files: ConfigurationFiles])[] {
  const directory = new URL('portage/', corpus);
  return readdirSync(directory)
    .toSorted()
    .map((name) => [name.replace(/\.txt$/, ''), parseDirectory(readFileSync(new URL(name, directory), 'utf8'))]);
}

function parseDirectory(text: string): ConfigurationFiles {
  const parts = text.split(/^=== (.*)\n/m).slice(1);
  const files: Record<string, string | { readonly link: string }> = {};
  for (let index = 0; index < parts.length; index += 2) {
    const [path = '', link] = (parts[index] ?? '').split(' -> ');
    files[path] = link === undefined ? (parts[index + 1] ?? '') : { link };
  }
  return files;
}

/** The files of a configuration as the entries of a branch. */
export function entriesOf(files: ConfigurationFiles): readonly BranchEntry[] {
  return Object.entries(files).map(([path, content]) => ({
    path,
    type: typeof content === 'string' ? 'file' : 'symlink',
    id: path,
    read: () => Buffer.from(typeof content === 'string' ? content : content.link),
  }));
}
