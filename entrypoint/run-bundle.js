const { readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** Whether the code of the functions that run is written down in the end, for later runs. */
const isMade = process.env['MAKE_CODE_CACHE'] !== undefined;

/**
 * A program's bundle, with the code that V8 made of it when the image was built: that of every function that ran then.
 * (Node's own cache has none of those that are compiled when they are first called.) Code that is not there, or is of
 * another Node or for other options of V8, is passed over.
 * @param {string} name
 */
function loadBundle(name) {
  const file = join(__dirname, '../dist', `${name}.js`);
  const cache = join(__dirname, '../dist', `${name}.code`);
  const source = `(function (require, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, { filename: file, cachedData: isMade ? undefined : readIfThere(cache) });
  return { file, cache, script };
}

/**
 * Runs a program.
 * @param {string} name
 */
function runBundle(name) {
  const { file, cache, script } = loadBundle(name);
  if (isMade) process.once('exit', () => writeFileSync(cache, script.createCachedData()));
  script.runInThisContext()(require, file, dirname(file));
}

/**
 * @param {string} file
 * @returns {Uint8Array | undefined}
 */
function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

module.exports = { loadBundle, runBundle };
