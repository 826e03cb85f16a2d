import { copyFileSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/**
 * What dockerode would bring for talking to an engine over SSH and to BuildKit over gRPC. Nothing here does either, and
 * together they are most of the bundle and of the time that it takes to load.
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

// Of another build, which may have had files of other names.
rmSync('dist', { recursive: true, force: true });

await build({
  entryPoints: { 'gentoo-builder': 'src/gentoo-builder.ts', zentoo: 'src/zentoo.ts' },
  outdir: 'dist',
  // One file each, of CommonJS: what is loaded later is in it and begins to run only then, and its imports with it. Of
  // many small files each would have to be found first, and an ES module loads all that it imports when it is loaded.
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

// What is run in containers lies beside the code that reads it, here as in the sources.
for (const program of globSync('src/**/*.py')) copyFileSync(program, join('dist', basename(program)));
