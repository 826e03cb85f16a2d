import { expect, test } from 'vitest';
import type { PackageArgument } from '../../../src/portage/atom.ts';
import { pretendCommand } from '../../../src/portage/pretend-command.ts';

test('asks for what the parser reads, and leaves the reasons to be said', () => {
  const command = pretendCommand({ packages: ['@tools' as PackageArgument], options: ['--update', '--deep'] });
  expect(command.slice(0, 2)).toEqual(['emerge', '--pretend']);
  expect(command).toEqual(expect.arrayContaining(['--verbose=y', '--quiet=n', '--usepkg=y', '--update', '--deep']));
  expect(command.at(-1)).toBe('@tools');
  // The value of an option that may stand without one would be taken from what follows it.
  expect(command.at(-2)).toBe('--color=n');
  expect(command.join(' ')).not.toContain('--binpkg-respect-use');
});
