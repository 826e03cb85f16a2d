import { copyFileSync, globSync } from 'node:fs';
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

await build({
  entryPoints: { 'gentoo-builder': 'src/gentoo-builder.ts', zentoo: 'src/zentoo.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'linked',
  plugins: [leaveOut],
  // CommonJS dependencies call require(), which an ES module does not have.
  banner: {
    js: "import { createRequire as bundledRequire } from 'node:module'; const require = bundledRequire(import.meta.url);",
  },
});

// What is run in containers lies beside the code that reads it, here as in the sources.
for (const program of globSync('src/**/*.py')) copyFileSync(program, join('dist', basename(program)));
