import { describe, expect, test } from 'vitest';
import { explainEmergeFailure } from '../../../../src/portage/explain/explain-failure.ts';

const explain = (lines: readonly string[]) => {
  const failed = ['>>> Failed to install test-odd/odd-1, Log file:', ">>>  '/var/log/portage/x/test-odd:odd-1:1.log'"];
  return explainEmergeFailure({ exitStatus: 1, lines: [...lines, ...failed] });
};

describe('case 2.7: a package that installs files where the engine mounts something', () => {
  test.each([
    [
      'a read-only file system',
      [
        ' * One or more files installed to this package are set to be installed to',
        ' * read-only filesystems. Please mount the following filesystems as read-',
        ' * write and retry.',
        ' *',
        ' * \t/sys',
        ' *',
        " * Package 'test-odd/odd-1' NOT merged due to read-only file systems.",
      ],
      '/sys, which is read-only in a container',
      ['/sys'],
    ],
    [
      'a file system of the kernel',
      [
        '!!! copy /var/tmp/portage/test-odd/odd-1/image/proc/odd -> /proc/odd failed.',
        "!!! [Errno 2] No such file or directory: '/proc/odd#new'",
      ],
      'it installs /proc/odd, where a container has a file system of the kernel',
      ['/proc/odd'],
    ],
    [
      'a file that the engine mounts',
      ['!!! copy /etc/hosts -> /etc/hosts.backup.0000 failed.', "!!! [Errno 16] Device or resource busy: '/etc/hosts'"],
      'it replaces /etc/hosts, which is a mount point in a container',
      ['/etc/hosts'],
    ],
  ])('is told, with %s', (_, lines, words, paths) => {
    const { code, message, remedy, package: name } = explain(lines);
    expect({ code, name, remedy }).toEqual({
      code: 'build-failed',
      name: 'test-odd/odd-1',
      remedy: { about: 'build', kind: 'mask-installation', paths },
    });
    expect(message).toMatch(/^failed to emerge test-odd\/odd-1: it /);
    expect(message).toContain(words);
  });

  test.each([
    ['the same error of a compiler', ["cp: cannot remove '/etc/hosts': Device or resource busy"]],
    [
      'an error of Portage at another place',
      ['!!! copy /a -> /srv/x failed.', "!!! [Errno 1] Operation not permitted: '/srv/x'"],
    ],
    ['no list of file systems', [" * Package 'test-odd/odd-1' NOT merged due to read-only file systems."]],
  ])('is not guessed from %s', (_, lines) => {
    expect(explain(lines).message).toBe('failed to emerge test-odd/odd-1: it failed');
  });
});

test('case 2.7: a binary package with a device file or a FIFO is explained, and its name is in the hint', () => {
  const file = '/var/cache/binpkgs/x86_64-pc-linux-gnu/generic/p-v2-0123456789ab/test-odd/odd/odd-1-r2-3.gpkg.tar';
  const { code, message, remedy } = explain([`!!! Error extracting '${file}', Device file detected.`]);
  expect({ code, remedy }).toEqual({
    code: 'build-failed',
    remedy: { about: 'build', kind: 'avoid-binary-package', package: 'test-odd/odd' },
  });
  expect(message).toBe(
    'failed to emerge test-odd/odd-1: its binary package has a device file or a FIFO, and Portage extracts neither from a binary package',
  );
});
