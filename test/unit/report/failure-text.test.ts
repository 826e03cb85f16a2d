import { expect, test } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import { describeDefect, describeFailures } from '../../../src/report/failure-text.ts';

const program = { name: 'gentoo-builder', version: '1.2.3' };

test('shows the message of a failure and its hint below', () => {
  const failure = new Failure('engine-unreachable', 'failed to reach the engine at /run/docker.sock: no such file', {
    hint: 'mount the socket:\n-v /var/run/docker.sock:/var/run/docker.sock',
  });
  expect(describeFailures([failure], program)).toEqual([
    'gentoo-builder: failed to reach the engine at /run/docker.sock: no such file',
    '  hint: mount the socket:',
    '    -v /var/run/docker.sock:/var/run/docker.sock',
  ]);
});

test('shows the end of the log first, between two rules', () => {
  const failure = new Failure('build-failed', 'failed to build app-misc/greet-1: compile', {
    logTail: ['greet.c:3: error: expected \x1b[31m;\x1b[0m', 'make: *** [greet] Error 1'],
  });
  expect(describeFailures([failure], program)).toEqual([
    '----- last 2 lines of the log ------------------------------',
    'greet.c:3: error: expected ;',
    'make: *** [greet] Error 1',
    '----- end of the log ---------------------------------------',
    'gentoo-builder: failed to build app-misc/greet-1: compile',
  ]);
});

test('puts the place in a file first, and shows every failure with a place', () => {
  const place = { file: 'site.yaml', line: 1, column: 7 };
  const placed = Array.from(
    { length: 12 },
    (_, number) => new Failure('site-invalid', `site.yaml:1:7: ${number}`, { place }),
  );
  const others = Array.from({ length: 11 }, (_, number) => new Failure('usage', `other ${number}`));
  const lines = describeFailures([...others, ...placed], program);
  expect(lines.slice(0, 13)).toEqual([...placed.map(({ message }) => message), 'gentoo-builder: other 0']);
  expect(lines.slice(-2)).toEqual(['gentoo-builder: other 9', 'gentoo-builder: and 1 more failure like these']);
});

test('shows a cause only if no message quotes it', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:2375'), new Error('and 127.0.0.1:2375')], '');
  const quoted = new Error('socket hang up', { cause: refused });
  const failure = new Failure('engine-lost', 'failed to inspect: socket hang up', { cause: quoted });
  expect(describeFailures([failure], program)).toEqual([
    'gentoo-builder: failed to inspect: socket hang up',
    '  caused by: connect ECONNREFUSED ::1:2375; and 127.0.0.1:2375',
  ]);
});

test('stops at a cycle of causes', () => {
  const error = new Error('one');
  error.cause = new Error('two', { cause: error });
  const failure = new Failure('engine-lost', 'failed to inspect', { cause: error });
  expect(describeFailures([failure], program)).toHaveLength(3);
});

test('shows ten of many failures, and the number of the others', () => {
  const failures = Array.from({ length: 10_000 }, (_, n) => new Failure('invalid-package', `bad argument ${n}`));
  const lines = describeFailures(failures, program);
  expect(lines).toHaveLength(11);
  expect(lines[9]).toBe('gentoo-builder: bad argument 9');
  expect(lines[10]).toBe('gentoo-builder: and 9990 more failures like these');
  expect(describeFailures(failures.slice(0, 11), program)[10]).toBe('gentoo-builder: and 1 more failure like these');
  expect(describeFailures(failures.slice(0, 10), program)).toHaveLength(10);
});

test('a message cannot move the cursor, and a long one is cut', () => {
  const failure = new Failure('invalid-package', `failed to parse \x1b[2J\u0007${'x'.repeat(1_000_000)}`, {
    hint: 'a\x1b[A',
  });
  const [message, hint] = describeFailures([failure], program);
  expect(message?.slice(0, 36)).toBe('gentoo-builder: failed to parse ^Gxx');
  expect(message?.length).toBeLessThan(9000);
  expect(hint).toBe('  hint: a');
});

test('shows the stacks of a defect and its cause, the versions, and a request to report it', () => {
  const lines = describeDefect(new TypeError('x is undefined', { cause: new Error('deep') }), program);
  expect(lines.slice(0, 2)).toEqual([
    'gentoo-builder: this is a defect of the program, not of the request',
    '  TypeError: x is undefined',
  ]);
  expect(lines).toContainEqual(expect.stringMatching(/^ {6}at .*failure-text\.test\.ts/));
  expect(lines).toContain('  caused by: Error: deep');
  expect(lines.slice(-2)).toEqual([
    `  version: gentoo-builder 1.2.3, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    '  hint: report it to the maintainers, with these lines and the command line',
  ]);
});

test('shows a thrown value that is not an Error', () => {
  expect(describeDefect({ odd: 1 }, program)[1]).toBe('  { odd: 1 }');
});
