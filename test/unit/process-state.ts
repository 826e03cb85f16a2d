import perfHooks from 'node:perf_hooks';
import timersPromises from 'node:timers/promises';
import { afterAll, expect, vi } from 'vitest';

// The unit test files share a process and its modules (`isolate: false`): a file must leave no state to the next file.
// Fakes of modules (`vi.mock`) are refused by the linter, because they would stay.

// As in the programs: vitest sets 100, and the stacks of many expected errors then take a tenth of the tier's time.
Error.stackTraceLimit = 10;

/** The properties that tests replace. */
const fakeable: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'global',
    globalThis,
    ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'Date', 'performance'],
  ],
  ['process', process, ['argv', 'exitCode', 'cwd', 'exit', 'kill', 'emitWarning', 'getBuiltinModule']],
  ['Math', Math, ['random']],
  ['AbortSignal', AbortSignal, ['timeout']],
  ['node:perf_hooks', perfHooks, ['performance']],
  ['node:timers/promises', timersPromises, ['setTimeout']],
];

/** The state of the process that a test may change while it runs, by name. */
function processState(): ReadonlyMap<string, unknown> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH'];
  return new Map<string, unknown>([
    ...Object.entries(process.env).map(([name, value]) => [`environment variable ${name}`, value] as const),
    ...fakeable.flatMap(([of, object, names]) =>
      names.map((name) => [`${of}.${name}`, Reflect.get(object, name)] as const),
    ),
    ...signals.map((name) => [`listeners for ${name}`, process.listenerCount(name)] as const),
    ['current directory', process.cwd()],
    ['effective user', process.geteuid?.()],
  ]);
}

const before = processState();

afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  const after = processState();
  // Names only: a value of the environment may be a secret.
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !Object.is(before.get(name), after.get(name)),
  );
  expect(changed, 'what this file leaves changed to the next file').toEqual([]);
});
