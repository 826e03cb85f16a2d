import { defineConfig, type OxlintConfig } from 'oxlint';
import { ofPrograms } from './setup/lint/of-programs.js';

/** Rooms, and files at the top, that import nothing. */
const leaves =
  'portage schedule site/git failure.ts container-program.ts parse-json.ts long-timer.ts output-name.ts quantity.ts abbreviate.ts nearest-name.ts';

/**
 * The rooms of `src` and what each may import: a folder stands for the files directly in it, a file at the top for itself. A room
 * imports only rooms listed below it, and uses every allowance. A missing room imports nothing, and nothing may import it.
 */
const rooms = {
  'gentoo-builder.ts': 'run-gentoo-builder.ts program.ts',
  'zentoo.ts': 'run-zentoo.ts program.ts',
  'run-gentoo-builder.ts': 'program.ts cli builder report',
  'run-zentoo.ts': 'program.ts cli/zentoo terminal',
  'program.ts': 'cli terminal report failure.ts',
  'cli/zentoo':
    'cli record zentoo/command zentoo/swarm zentoo/engines zentoo/freshroot zentoo/distcc zentoo/run plan site/read site terminal container engine/swarm engine/hide-password.ts report/event.ts report/escape-for-terminal.ts portage portage/output quantity.ts abbreviate.ts nearest-name.ts failure.ts output-name.ts',
  cli: 'builder portage quantity.ts abbreviate.ts failure.ts',
  builder:
    'builder/base builder/tree emerge job job/tree container ownership store engine/docker engine record portage/output report/event.ts portage portage/configuration portage/explain plain-remedy.ts quantity.ts format-number.ts failure.ts container-program.ts long-timer.ts',
  'builder/base': 'container engine portage portage/configuration failure.ts container-program.ts',
  'builder/tree': 'job/tree container ownership engine format-number.ts failure.ts',
  'zentoo/command':
    'serve zentoo/swarm zentoo/engines zentoo/sets zentoo/execute record zentoo/compile zentoo/output zentoo/buildmaster zentoo/root zentoo/configure zentoo/run zentoo/identity emerge job job/tree plan schedule site store container engine report/with-task.ts portage portage/output nearest-name.ts failure.ts parse-json.ts output-name.ts',
  'zentoo/swarm':
    'serve zentoo/engines zentoo/run zentoo/identity site container ownership engine/swarm engine/docker engine failure.ts',
  'zentoo/engines':
    'serve zentoo/root zentoo/run zentoo/identity job/tree plan schedule site store container engine/docker engine report/event.ts portage portage/configuration failure.ts container-program.ts',
  'zentoo/execute':
    'zentoo/assemble zentoo/compile zentoo/buildmaster zentoo/root zentoo/run emerge job plan schedule container report/with-task.ts portage/output failure.ts',
  'zentoo/freshroot':
    'zentoo/sets zentoo/output zentoo/buildmaster zentoo/root zentoo/configure zentoo/run zentoo/identity emerge job job/tree plan site store terminal container engine/image-labels.ts report/with-task.ts portage failure.ts container-program.ts',
  'zentoo/compile':
    'zentoo/distcc zentoo/buildmaster zentoo/root zentoo/configure zentoo/run emerge job job/tree plan site store/intake store container engine portage portage/output failure.ts container-program.ts parse-json.ts',
  'zentoo/distcc':
    'zentoo/sets zentoo/buildmaster zentoo/root zentoo/run emerge job site container ownership engine portage/output failure.ts container-program.ts',
  'zentoo/assemble':
    'zentoo/output zentoo/buildmaster zentoo/root zentoo/configure zentoo/run emerge job plan site store container portage failure.ts container-program.ts',
  'zentoo/output':
    'zentoo/root zentoo/run zentoo/identity plan site store container ownership engine failure.ts container-program.ts parse-json.ts output-name.ts',
  'zentoo/buildmaster':
    'zentoo/root zentoo/configure zentoo/run zentoo/identity emerge job/tree plan store/intake store container engine portage portage/output parse-json.ts container-program.ts failure.ts',
  'zentoo/root':
    'serve zentoo/configure zentoo/run zentoo/identity emerge job job/tree plan site/read site store/intake store container ownership engine report/event.ts portage portage/output failure.ts container-program.ts',
  'zentoo/configure':
    'zentoo/run emerge job/tree site/read site store container portage failure.ts container-program.ts',
  'zentoo/sets': 'zentoo/run site/read site container engine portage/configuration parse-json.ts',
  'zentoo/run':
    'serve zentoo/identity emerge job plan site store container ownership engine/swarm engine/docker engine report/event.ts portage portage/output parse-json.ts failure.ts',
  'zentoo/identity': 'site container engine/swarm engine format-number.ts failure.ts',
  plan: 'schedule/executor.ts site/read site portage portage/output portage/explain plain-remedy.ts quantity.ts abbreviate.ts failure.ts parse-json.ts output-name.ts',
  'site/read': 'site site/git portage portage/configuration abbreviate.ts nearest-name.ts failure.ts output-name.ts',
  site: 'site/git portage portage/configuration quantity.ts abbreviate.ts nearest-name.ts failure.ts output-name.ts container-program.ts',
  record: 'schedule/history.ts report/event.ts portage/output failure.ts parse-json.ts',
  emerge:
    'job job/tree store container engine report/event.ts portage portage/output portage/explain quantity.ts failure.ts parse-json.ts container-program.ts',
  serve: 'container engine container-program.ts failure.ts',
  'job/tree': 'job container report/event.ts container-program.ts',
  job: 'container engine report/event.ts portage/output portage/explain plain-remedy.ts failure.ts container-program.ts long-timer.ts',
  terminal: 'container engine failure.ts container-program.ts',
  container:
    'ownership store engine report/event.ts portage portage/configuration portage/output container-program.ts nearest-name.ts failure.ts',
  ownership: 'engine abbreviate.ts format-number.ts failure.ts parse-json.ts',
  'store/intake': 'store engine failure.ts container-program.ts',
  store: 'engine portage/output parse-json.ts failure.ts container-program.ts',
  'engine/swarm': 'engine/docker engine',
  'engine/docker': 'engine/ssh engine parse-json.ts failure.ts',
  'engine/ssh': 'container-program.ts failure.ts',
  engine: 'parse-json.ts failure.ts',
  'plain-remedy.ts': 'portage/explain',
  'format-number.ts': 'abbreviate.ts failure.ts',
  'portage/explain': 'portage portage/output quantity.ts failure.ts',
  'portage/output': 'portage report/event.ts parse-json.ts',
  'portage/configuration': 'portage/atom-grammar.ts',
  report: 'quantity.ts failure.ts',
  ...Object.fromEntries(leaves.split(' ').map((name) => [name, ''])),
};

/** What only some rooms may import from npm; other packages are free. */
const packages = { dockerode: 'engine/docker', 'docker-modem': 'engine/docker', pino: 'report' };

/** Parsers cast to their brands, and the adaptor of dockerode casts to its types. */
const casting = ['src/engine/{identifiers,docker/*}.ts', 'src/portage/atom.ts', 'src/store/partition.ts'];

/** Rules of the linter that need no options. */
const plainRules = `
  eqeqeq no-var prefer-const no-throw-literal import/no-self-import import/no-duplicates
  typescript/no-explicit-any typescript/no-floating-promises typescript/no-misused-promises
  typescript/await-thenable typescript/prefer-promise-reject-errors typescript/switch-exhaustiveness-check
  typescript/no-unnecessary-type-assertion typescript/no-deprecated typescript/no-non-null-assertion
`.match(/\S+/g);

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'node'],
  jsPlugins: ['./setup/lint/walls.js'],
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  categories: { correctness: 'error' },
  env: { node: true, es2024: true },
  ignorePatterns: ['dist', 'node_modules'],
  rules: {
    ...Object.fromEntries((plainRules ?? []).map((rule) => [rule, 'error' as const])),
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'typescript/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    'typescript/only-throw-error': ['error', { allowThrowingUnknown: true }],
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'unicorn/no-useless-spread': 'off',
  },
  overrides: [
    {
      files: ['src/**/*.ts'],
      rules: {
        'max-lines': ['error', { max: 300 }],
        'max-lines-per-function': ['error', { max: 50 }],
        'no-console': 'error',
        'typescript/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
        'no-restricted-properties': [
          'error',
          ...Object.entries(ofPrograms).map(([property, message]) => ({ object: 'process', property, message })),
        ],
        'no-restricted-imports': ['error', { patterns: [{ regex: '^(node:)?process$', message: 'use the global' }] }],
        'walls/imports': ['error', { rooms, packages }],
      },
    },
    { files: casting, rules: { 'typescript/consistent-type-assertions': 'off' } },
    { files: ['src/gentoo-builder.ts', 'src/zentoo.ts'], rules: { 'no-restricted-properties': 'off' } },
    { files: ['test/**'], rules: { 'typescript/no-misused-spread': 'off', 'no-control-regex': 'off' } },
    {
      // The unit test files share a process and its modules: the fake of a module would stay for the next file.
      files: ['test/unit/**'],
      rules: {
        'no-restricted-properties': [
          'error',
          ...['mock', 'doMock', 'resetModules'].map((property) => ({ object: 'vi', property, message: 'use spyOn' })),
        ],
      },
    },
  ],
} satisfies OxlintConfig);
