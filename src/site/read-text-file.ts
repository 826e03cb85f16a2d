import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startOf, type Diagnostics } from './diagnostics.ts';

const longestFile = 1024 * 1024;

/** `as-portage` replaces bytes that are not UTF-8, as Portage does in the files that it reads. */
type Encoding = 'utf-8' | 'as-portage';

/**
 * Reads a text file of the site; the path is relative to the site's directory. Reports a fault and returns undefined if the
 * file cannot be read.
 */
export function readTextFile(
  directory: string,
  file: string,
  diagnostics: Diagnostics,
  encoding: Encoding = 'utf-8',
): string | undefined {
  try {
    const path = join(directory, file);
    const status = statSync(path);
    if (!status.isFile()) {
      diagnostics.add(startOf(file), 'it is not a file');
      return undefined;
    }
    if (status.size > longestFile) return reportLength(status.size, file, diagnostics);
    return decodeText(readFileSync(path), file, diagnostics, encoding);
  } catch (error) {
    diagnostics.add(startOf(file), describeReadError(error));
    return undefined;
  }
}

/** Decodes the bytes of a file. Reports a fault and returns undefined if they are not of the encoding or too many. */
export function decodeText(
  bytes: Buffer,
  file: string,
  diagnostics: Diagnostics,
  encoding: Encoding = 'utf-8',
): string | undefined {
  if (bytes.length > longestFile) return reportLength(bytes.length, file, diagnostics);
  try {
    return new TextDecoder('utf-8', { fatal: encoding === 'utf-8' }).decode(bytes);
  } catch {
    diagnostics.add(placeOfFault(bytes, file), 'this is not UTF-8');
    return undefined;
  }
}

function reportLength(length: number, file: string, diagnostics: Diagnostics): undefined {
  diagnostics.add(startOf(file), `it has ${length} bytes, and at most ${longestFile} are read`);
}

function placeOfFault(bytes: Buffer, file: string) {
  const before = bytes.toString('utf8').split('�', 1)[0] ?? '';
  const lines = before.split('\n');
  return { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** Describes an error of reading a file, as a clause. */
export function describeReadError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EACCES: 'it may not be read: permission denied',
    EPERM: 'it may not be read: permission denied',
    ELOOP: 'its symbolic links form a loop',
    ENAMETOOLONG: 'its name is too long',
  };
  return known[code] ?? `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
