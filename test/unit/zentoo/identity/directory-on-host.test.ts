import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Mount } from '../../../../src/engine/containers.ts';
import { parseContainerId } from '../../../../src/engine/identifiers.ts';
import { directoryOnHost } from '../../../../src/zentoo/identity/directory-on-host.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const id = parseContainerId('c0de'.repeat(16)) ?? expect.fail();

/** The path on the host of `HOME/a/site`, for a program in a container with these mounts: types, sources and targets below HOME. */
function inContainer(...mounts: readonly (readonly [type: Mount['type'], source: string, target: string])[]): string {
  using home = temporaryDirectory();
  const directory = join(home.path, 'a/site');
  mkdirSync(directory, { recursive: true });
  const self = {
    id,
    mounts: mounts.map(([type, source, target]) => ({ type, source, target: home.path + target, readOnly: false })),
  };
  return directoryOnHost(directory, self).replace(home.path, 'HOME');
}

it('the directory of a program on the host is that which links to it lead to', () => {
  using home = temporaryDirectory();
  mkdirSync(join(home.path, 'site'));
  symlinkSync('site', join(home.path, 'link'));
  expect(directoryOnHost(join(home.path, 'link'), undefined)).toBe(join(home.path, 'site'));
});

it.each([
  ['of a mount', [['bind', '/srv/site', '/a/site']], '/srv/site'],
  ['below a mount', [['bind', '/srv', '']], '/srv/a/site'],
  [
    'of the innermost of several mounts',
    [
      ['bind', '/x', ''],
      ['bind', '/srv', '/a'],
      ['bind', '/y', '/a/site/b'],
    ],
    '/srv/site',
  ],
  ['of a volume', [['volume', 'sites', '/a']], 'volume sites:/site'],
  ['of the container itself', [], 'c0dec0dec0de:HOME/a/site'],
  [
    'beside mounts whose paths begin alike',
    [
      ['bind', '/srv', '/a/sit'],
      ['bind', '/x', '/b'],
    ],
    'c0dec0dec0de:HOME/a/site',
  ],
] as const)('the directory of a program in a container is named as one %s', (_what, mounts, expected) => {
  expect(inContainer(...mounts)).toBe(expected);
});
