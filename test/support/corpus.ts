import { readdirSync, readFileSync } from 'node:fs';
import type { BranchEntry } from '../../src/site/site.ts';
import type { ConfigurationFile, ConfigurationFiles } from '../unit/portage/configuration/make-conf/generated-files.ts';

const corpus = new URL('../corpus/', import.meta.url);

/** The make.conf files of the corpus, by name. If a file is not UTF-8, its text has replacement characters, and the content its bytes. */
export function corpusOfMakeConf(): readonly (readonly [name: string, text: string, content: ConfigurationFile])[] {
  const directory = new URL('make-conf/', corpus);
  return readdirSync(directory)
    .toSorted()
    .map((name) => {
      const bytes = readFileSync(new URL(name, directory));
      const text = bytes.toString('utf8');
      return [name, text, bytes.equals(Buffer.from(text)) ? text : { base64: bytes.toString('base64') }];
    });
}

/**
 * The /etc/portage directories of the corpus, by name. A directory is one text: `=== PATH` begins a file,
 * `=== PATH (base64)` one that is not text or does not end with a line end, and `=== PATH -> TARGET` is a symbolic link.
 */
export function corpusOfDirectories(): readonly (readonly [name: string, files: ConfigurationFiles])[] {
  const directory = new URL('portage/', corpus);
  return readdirSync(directory)
    .toSorted()
    .map((name) => [name.replace(/\.txt$/, ''), parseDirectory(readFileSync(new URL(name, directory), 'utf8'))]);
}

function parseDirectory(text: string): ConfigurationFiles {
  const parts = text.split(/^=== (.*)\n/m).slice(1);
  const files: Record<string, ConfigurationFile> = {};
  for (let index = 0; index < parts.length; index += 2) {
    const [, path = '', link, encoding] = /^(.*?)(?: -> (.*)| \((base64)\))?$/.exec(parts[index] ?? '') ?? [];
    const content = parts[index + 1] ?? '';
    if (link !== undefined) files[path] = { link };
    else files[path] = encoding === undefined ? content : { base64: content.trim() };
  }
  return files;
}

/** The bytes of a file of a configuration; of a link its target. */
export function bytesOf(content: ConfigurationFile): Buffer {
  if (typeof content === 'string') return Buffer.from(content);
  return 'link' in content ? Buffer.from(content.link) : Buffer.from(content.base64, 'base64');
}

/** Whether a file of a configuration is a symbolic link. */
export function isLink(content: ConfigurationFile): content is { readonly link: string } {
  return typeof content !== 'string' && 'link' in content;
}

/** The files of a configuration as the entries of a branch. */
export function entriesOf(files: ConfigurationFiles): readonly BranchEntry[] {
  return Object.entries(files).map(([path, content]) => ({
    path,
    type: isLink(content) ? 'symlink' : 'file',
    id: path,
    read: () => bytesOf(content),
  }));
}
