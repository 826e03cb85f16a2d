import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const DIGITS = 16;

/**
 * Digests the inputs of an image to one name: equal inputs give equal names.
 * @param {readonly unknown[]} inputs values that JSON can express
 * @returns {string}
 */
export function fingerprint(inputs) {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, DIGITS);
}

/**
 * The files of a build context that a client would send to an engine, each with its contents, in a fixed order. Times and
 * owners do not count; of the mode, only the executable bit does.
 * @param {string} directory
 * @returns {string[][]}
 */
export function readContext(directory) {
  const ignored = readIgnored(directory);
  /** @type {string[][]} */
  const files = [];
  const visit = (/** @type {string} */ below) => {
    for (const name of readdirSync(join(directory, below)).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      const full = join(directory, path);
      const stat = lstatSync(full);
      if (stat.isDirectory()) {
        if (mayHoldFiles(path, ignored)) visit(path);
      } else if (!isIgnored(path, ignored)) {
        if (stat.isSymbolicLink()) files.push([path, 'link', readlinkSync(full)]);
        else if (stat.isFile()) files.push([path, stat.mode & 0o100 ? 'program' : 'file', hashFile(full)]);
      }
    }
  };
  visit('');
  return files;
}

/** @typedef {{ taken: boolean, pattern: string, expression: RegExp }} IgnoreRule */

/**
 * The rules of a .dockerignore file.
 * @param {string} text
 * @returns {IgnoreRule[]}
 */
export function parseIgnored(text) {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const taken = line.startsWith('!');
      const pattern = line.replace(/^!/, '').replace(/^\/|\/$/g, '');
      const source = pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/\*\*\/|\*\*|\*|\?/g, (wild) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*' })[wild] ?? '[^/]');
      return { taken, pattern, expression: new RegExp(`^${source}(?:/|$)`) };
    });
}

/**
 * Whether a file is left out of the context: the last rule that matches it, or a directory above it, decides.
 * @param {string} path
 * @param {readonly IgnoreRule[]} rules
 */
export function isIgnored(path, rules) {
  const last = rules.findLast(({ expression }) => expression.test(path));
  return last !== undefined && !last.taken;
}

/**
 * Whether the context may contain a file below a directory.
 * @param {string} path
 * @param {readonly IgnoreRule[]} rules
 */
function mayHoldFiles(path, rules) {
  if (!isIgnored(path, rules)) return true;
  return rules.some(({ taken, pattern }) => taken && (pattern.startsWith(`${path}/`) || pattern.includes('*')));
}

/** @param {string} directory */
function readIgnored(directory) {
  try {
    return parseIgnored(readFileSync(join(directory, '.dockerignore'), 'utf8'));
  } catch {
    return [];
  }
}

/** @param {string} path */
function hashFile(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
