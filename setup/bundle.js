import { copyFileSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Modules that dockerode imports for engines behind SSH and for BuildKit over gRPC. The programs use neither (they run the program ssh), and
 * together the modules are most of the bundle and of its time to load.
 */
const unused = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)(\/|$)/;

/** @type {import('esbuild').Plugin} */
const leaveOut = {
  name: 'leave-out',
  setup(bundle) {
    bundle.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** @type {import('esbuild').Plugin} TLS takes as long to load as all the rest: it is, where a request needs it. */
const loadTlsLater = {
  name: 'load-tls-later',
  setup(bundle) {
    bundle.onResolve({ filter: /^https$/ }, ({ path }) => ({ path, namespace: 'later' }));
    bundle.onLoad({ filter: /.*/, namespace: 'later' }, () => ({
      contents: "exports.request = (...args) => process.getBuiltinModule('node:https').request(...args);",
    }));
  },
};

// An earlier build may have left files of other names.
rmSync('dist', { recursive: true, force: true });

await build({
  entryPoints: { 'gentoo-builder': 'src/gentoo-builder.ts', zentoo: 'src/zentoo.ts' },
  outdir: 'dist',
  // One CommonJS file for each program. It contains modules that are imported later; they and their imports run only then. Many
  // small files would each have to be found first, and an ES module loads all its imports at once.
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  plugins: [leaveOut, loadTlsLater],
  define: { 'import.meta.url': 'bundledUrl' },
  banner: { js: "'use strict'; const bundledUrl = require('node:url').pathToFileURL(__filename).href;" },
});

writeFileSync(join('dist', 'package.json'), '{ "type": "commonjs" }\n');

// Code reads programs that run in containers from its own directory, which is `dist` for the whole bundle.
const copied = new Map();
for (const program of globSync('src/**/*.{py,sh}')) {
  const name = basename(program);
  if (copied.has(name)) throw new Error(`failed to bundle ${program}: ${copied.get(name)} has the same name`);
  copied.set(name, program);
  copyFileSync(program, join('dist', name));
}
