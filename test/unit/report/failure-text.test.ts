import { expect, test } from 'vitest';

import { Failure } from '../../../src/failure.ts';
import { describeDefect, describeFailures } from '../../../src/report/failure-text.ts';

const program = { name: 'gentoo-builder', version: '1.2.3' };

test('a failure is its message and its hint, line under line', () => {
  const failure = new Failure('engine-unreachable', 'failed to reach the engine at /run/docker.sock: no such file', {
    hint: 'mount the socket:\n-v /var/run/docker.sock:/var/run/docker.sock',
  });
  expect(describeFailures([failure], program)).toEqual([
    'gentoo-builder: failed to reach the engine at /run/docker.sock: no such file',
    '  hint: mount the socket:',
    '    -v /var/run/docker.sock:/var/run/docker.sock',
  ]);
});

test('the end of the log comes first, between rules', () => {
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

test('what has a place in a file is shown with that in front, and all of it', () => {
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

test('causes are told where the message does not quote them already', () => {
  const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:2375'), new Error('and 127.0.0.1:2375')], '');
  const quoted = new Error('socket hang up', { cause: refused });
  const failure = new Failure('engine-lost', 'failed to inspect: socket hang up', { cause: quoted });
  expect(describeFailures([failure], program)).toEqual([
    'gentoo-builder: failed to inspect: socket hang up',
    '  caused by: connect ECONNREFUSED ::1:2375; and 127.0.0.1:2375',
  ]);
});

test('causes that go round in a circle end', () => {
  const error = new Error('one');
  error.cause = new Error('two', { cause: error });
  const failure = new Failure('engine-lost', 'failed to inspect', { cause: error });
  expect(describeFailures([failure], program)).toHaveLength(3);
});

test('of many failures ten are shown, and how many more there are', () => {
  const failures = Array.from({ length: 10_000 }, (_, n) => new Failure('invalid-package', `bad argument ${n}`));
  const lines = describeFailures(failures, program);
  expect(lines).toHaveLength(11);
  expect(lines[9]).toBe('gentoo-builder: bad argument 9');
  expect(lines[10]).toBe('gentoo-builder: and 9990 more failures like these');
  expect(describeFailures(failures.slice(0, 11), program)[10]).toBe('gentoo-builder: and 1 more failure like these');
  expect(describeFailures(failures.slice(0, 10), program)).toHaveLength(10);
});

test('a message cannot move the cursor and does not go on for ever', () => {
  const failure = new Failure('invalid-package', `failed to parse \x1b[2J\u0007${'x'.repeat(1_000_000)}`, {
    hint: 'a\x1b[A',
  });
  const [message, hint] = describeFailures([failure], program);
  expect(message?.slice(0, 36)).toBe('gentoo-builder: failed to parse ^Gxx');
  expect(message?.length).toBeLessThan(9000);
  expect(hint).toBe('  hint: a');
});

test('a defect shows its stack, that of its cause, the versions, and asks for a report', () => {
  const lines = describeDefect(new TypeError('x is undefined', { cause: new Error('deep') }), program);
  expect(lines.slice(0, 2)).toEqual([
    'gentoo-builder: this is a defect in the program, not in what it was asked to do',
    '  TypeError: x is undefined',
  ]);
  expect(lines).toContainEqual(expect.stringMatching(/^ {6}at .*failure-text\.test\.ts/));
  expect(lines).toContain('  caused by: Error: deep');
  expect(lines.slice(-2)).toEqual([
    `  version: gentoo-builder 1.2.3, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    '  hint: please report it to the maintainers, with these lines and the command that was run',
  ]);
});

test('a defect that is no error is shown as it is', () => {
  expect(describeDefect({ odd: 1 }, program)[1]).toBe('  { odd: 1 }');
});
