import { expect, test } from 'vitest';
import type { PackageArgument } from '../../../src/portage/atom.ts';
import { pretendCommand } from '../../../src/portage/pretend-command.ts';

test('asks for the output that the parser reads, with the reasons for ignored binary packages', () => {
  const command = pretendCommand({ packages: ['@tools' as PackageArgument], options: ['--update', '--deep'] });
  expect(command).toEqual([
    ...['emerge', '--pretend', '--verbose=y', '--quiet=n', '--ask=n', '--usepkg=y', '--getbinpkg=n'],
    ...['--autounmask=y', '--autounmask-continue=n', '--autounmask-write=n', '--update', '--deep'],
    // The value of an option that may stand without one would be taken from what follows it.
    ...['--color=n', '@tools'],
  ]);
  expect(command.join(' ')).not.toContain('--binpkg-respect-use');
});
