import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Failure } from '../failure.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const alphabet = `${letters}234567`;

/** Makes a new id for a site: 12 letters and digits. It begins with a letter, so that YAML never reads it as a number. */
export function newSiteId(): string {
  const [first = 0, ...others] = randomBytes(12);
  return `${letters[first % letters.length]}${others.map((byte) => alphabet[byte % alphabet.length]).join('')}`;
}

/**
 * Writes an id into the site.yaml of a site: in place of the old id, or below the name. Everything else in the file stays as it is.
 * Throws `site-invalid` if the file has no line for the name, and `mount-unusable` if it cannot be written.
 */
export function writeSiteId(directory: string, id: string): void {
  const path = join(directory, 'site.yaml');
  try {
    const file = realpathSync(path);
    const text = readFileSync(file, 'utf8');
    const written = /^id:.*$/m.test(text)
      ? text.replace(/^id:.*$/m, `id: ${id}`)
      : text.replace(/^name:.*$/m, (line) => `${line}\nid: ${id}`);
    if (idIn(written) !== id) throw noPlace(id);
    const next = `${file}.new`;
    try {
      writeFileSync(next, written, { mode: statSync(file).mode });
      renameSync(next, file);
    } finally {
      rmSync(next, { force: true });
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new Failure('mount-unusable', `failed to write the id into ${path}: ${error.message}`, {
      hint: `make site.yaml writable, or write this line into it: id: ${id}`,
      cause: error,
    });
  }
}

function idIn(text: string): unknown {
  const document: unknown = parse(text, { maxAliasCount: 0 });
  return typeof document === 'object' && document !== null && 'id' in document ? document.id : undefined;
}

function noPlace(id: string): Failure {
  return new Failure('site-invalid', 'failed to write the id into site.yaml: it has no line that begins with name:', {
    hint: `write this into site.yaml yourself: id: ${id}`,
  });
}
