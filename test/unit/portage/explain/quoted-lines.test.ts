import { describe, expect, test } from 'vitest';
import { explainEmergeFailure } from '../../../../src/portage/explain/explain-failure.ts';

const emerge = (...lines: readonly string[]) => explainEmergeFailure({ exitStatus: 1, lines });

describe('a line that only quotes a message of emerge is not taken for the message', () => {
  test.each([
    '!!! Fetched file: x-1.tar.gz VERIFY FAILED!',
    '!!! Digest verification failed:',
    "!!! Couldn't download 'x-1.tar.gz'. Aborting.",
    '!!! a/b-1 has fetch restriction turned on.',
    'The following USE changes are necessary to proceed:',
    ' * Error: circular dependencies:',
    'Traceback (most recent call last):',
  ])('%s', (line) => {
    expect(emerge(line).message).not.toBe(`failed to emerge: ${line.replace(/^(?:!!!| \*) /, '')}`);
    for (const quoted of [`x ${line}`, `${line} x`])
      expect(emerge(quoted).message).toBe(`failed to emerge: ${quoted.replace(/^(?:!!!| \*) /, '')}`);
  });

  test.each([
    'All ebuilds that could satisfy "a/b" have been masked.',
    '!!! All ebuilds that could satisfy "a/b" for /r/ have been masked.',
    'emerge: there are no ebuilds to satisfy "a/b".',
    'emerge: there are no binary packages to satisfy "a/b".',
    'emerge: there are no ebuilds built with USE flags to satisfy "a/b[x]".',
    '[blocks B      ] a/b ("a/b" is hard blocking c/d-1)',
    'emerge: error: unrecognized arguments: --x',
    '!!! Your current profile is invalid.',
  ])('%s', (line) => {
    expect(emerge(line).remedy).toBeDefined();
    expect(emerge(`x ${line}`)).toMatchObject({ message: `failed to emerge: x ${line}`, remedy: undefined });
  });

  test('a slot conflict', () => {
    const line = '!!! into the dependency graph, resulting in a slot conflict:';
    expect(emerge(line).remedy).toBeDefined();
    expect(emerge(`${line} x`).remedy).toBeUndefined();
  });
});

describe('details are lines of their own form', () => {
  test('of masks', () => {
    const masked = 'All ebuilds that could satisfy "a/b" have been masked.';
    const choice = '- a/b-1::c (masked by: package.mask)';
    const others = [
      ...[`x ${choice}`, `${choice} x`, '- a b (masked by: x)', "x A copy of the 'y' license", 'x # why'],
      ...['x /etc/package.mask:', '/etc/package.mask: x', '/etc/other:', 'x (dependency required by "c/d-1" [ebuild])'],
    ];
    expect(emerge(masked, ...others, choice)).toMatchObject({
      message: 'failed to emerge a/b: a/b-1::c (masked by: package.mask)',
      relevantLines: [masked, choice],
    });
  });

  test('of USE flags', () => {
    const line = 'emerge: there are no ebuilds built with USE flags to satisfy "a/b[x]".';
    const choice = '- a/b-1::c (Change USE: +x)';
    expect(emerge(line, `x ${choice}`, `${choice} x`, choice).relevantLines).toEqual([line, choice]);
  });

  test('of REQUIRED_USE', () => {
    const selected = '!!! The ebuild selected to satisfy "a/b" has unmet requirements.';
    const constraint = ['  The following REQUIRED_USE flag constraints are unsatisfied:', '    e'];
    expect(emerge(selected, '', ...constraint).message).toBe(
      'failed to emerge a/b: its REQUIRED_USE is not satisfied: e',
    );
    for (const quoted of [`x ${selected}`, `${selected} x`])
      expect(emerge(quoted, '', ...constraint).message).not.toContain('REQUIRED_USE is');
    expect(emerge(selected, '', `${constraint[0]} x`, '    e').message).not.toContain('REQUIRED_USE is');
  });

  test('of necessary changes', () => {
    const heading = 'The following USE changes are necessary to proceed:';
    expect(emerge(heading, 'x # required by c/d-1', '# required by c/d-1 x', '# required by c/e-1').message).toBe(
      'failed to emerge c/e-1: it needs USE changes: x # required by c/d-1',
    );
  });

  test('of a slot conflict', () => {
    const heading = '!!! resulting in a slot conflict:';
    const others = ['x a/z:0', 'a/z:0 x', '(a/z-1:0/0::c, installed)', 'x   (a/z-1:0/0::c, installed)'];
    expect(emerge(heading, ...others, 'a/b:0', '  (a/b-1:0/0::c, installed) x').message).toBe(
      'failed to emerge a/b:0: slot conflict between a/b-1',
    );
  });

  test('of a cycle', () => {
    const heading = ' * Error: circular dependencies:';
    expect(emerge(heading, 'x (a/z-1:0/0::c, ebuild)', '(a/b-1:0/0::c, ebuild)').message).toBe(
      'failed to emerge a/b-1: circular dependencies: a/b-1',
    );
  });

  test('of blockers', () => {
    const blocker = '[blocks B      ] a/b ("a/b" is hard blocking c/d-1)';
    const lines = [
      'x * Error: The above package list contains',
      'y',
      `${blocker} x`,
      '[blocks b      ] a/e ("a/e" is soft blocking c/f-1)',
    ];
    expect(emerge(...lines, blocker)).toMatchObject({
      message: 'failed to emerge c/d-1: blocked: "a/b" is hard blocking c/d-1',
      relevantLines: [`${blocker} x`, blocker],
    });
  });

  test('of a checksum', () => {
    const heading = '!!! Digest verification failed:';
    expect(emerge(heading, 'x !!! /a/y.ebuild', '!!! /a/b.ebuild', 'x !!! Reason: y', '!!! Reason: z').message).toBe(
      'failed to emerge: b.ebuild does not match its checksum in the Manifest (z)',
    );
  });

  test('of a source that is downloaded by hand', () => {
    const lines = ['!!! a/b-1 has fetch restriction turned on.', 'x * Get it', 'x !!! y', ' * Get it by hand'];
    expect(emerge(...lines).relevantLines).toEqual([lines[0], lines[3]]);
  });

  test('of sets and names', () => {
    const ambiguous = '!!! The short ebuild name "b" is ambiguous.';
    expect(emerge(ambiguous, 'x    a/y', '    a/b x', '  a/z', '    a/b').message).toBe(
      'failed to emerge b: the name is ambiguous: a/b',
    );
    const unknown = 'emerge: there are no ebuilds to satisfy "b".';
    expect(emerge(unknown, 'x emerge: Maybe you meant a/b?').remedy).toMatchObject({ kind: 'check-name' });
    expect(emerge(unknown, 'emerge: Maybe you meant a/b?').remedy).toMatchObject({ packages: ['a/b'] });
  });

  test('of colliding files and errors within Portage', () => {
    const collision = ' * Package a/b-1 NOT merged due to file collisions.';
    expect(emerge('>>> Failed to emerge a/b-1', 'x * \t/usr/y', ' * /usr/z', ' * \t/usr/b', collision).message).toMatch(
      /: \/usr\/b$/,
    );
    const traceback = 'Traceback (most recent call last):';
    expect(emerge(traceback, ' KeyError: 1', '1Error: x', 'Error', 'KeyError: 2').message).toMatch(
      /internal error: Error$/,
    );
    expect(emerge(traceback, 'Key Error: 1', 'KeyError:1', 'KeyError: 2').message).toMatch(
      /internal error: KeyError: 2$/,
    );
  });
});
