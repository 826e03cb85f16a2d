import { describe, expect, it } from 'vitest';
import {
  archiveCommand,
  archiveComplaints,
  readArchiveEnd,
  type RootSurvey,
} from '../../../../src/build/tuple/root-contents.ts';

const survey: RootSurvey = {
  mounts: [
    { path: '/', isDirectory: true },
    { path: '/proc', isDirectory: true },
    { path: '/etc/hosts', isDirectory: false },
    { path: '/mnt/a*[b]? c\\\n', isDirectory: true },
    { path: '/target/var/tree', isDirectory: true },
  ],
  complaints: [],
  engineFiles: ['/.dockerenv'],
};

const exclusions = (root: string) =>
  archiveCommand(root, survey)
    .filter((word) => word.startsWith('--exclude='))
    .map((word) => word.slice('--exclude='.length));

describe('what an archive leaves out', () => {
  it('is the contents of mounted directories, mounted files, and what the engine made', () => {
    expect(exclusions('/')).toEqual(expect.arrayContaining(['./etc/hosts', './.dockerenv', './target/var/tree/?*']));
    expect(exclusions('/')).toContain(String.raw`./mnt/a\*\[b\]\? c` + '\\\\\n/?*');
  });

  it('is named once, and never the root itself', () => {
    const all = exclusions('/');
    expect(all.filter((pattern) => pattern === './proc/?*')).toHaveLength(1);
    expect(all.every((pattern) => /^\.\/[^?]/.test(pattern))).toBe(true);
  });

  it('is relative to another root', () => {
    expect(exclusions('/target')).toContain('./var/tree/?*');
    expect(exclusions('/target/')).toEqual(exclusions('/target'));
    expect(exclusions('/targ')).not.toContain('./var/tree/?*');
    expect(exclusions('/target')).not.toContain('./etc/hosts');
  });
});

describe('the end of an archive', () => {
  it('is known by its last line and by the count of tar itself', () => {
    const text = '\ntar: ./s: socket ignored\nTotal bytes written: 10240 (10KiB, 1MiB/s)\n\nended 0\n\n';
    expect(readArchiveEnd(text)).toEqual({ status: 0, written: 10240 });
    expect(archiveComplaints(text)).toEqual([]);
  });

  it.each(['', 'Total bytes written: 10240 (10KiB)\n', 'ended 0', 'ended 0\ntar: more\n', 'unended 0\n'])(
    'is not in %j',
    (text) => {
      expect(readArchiveEnd(text)).toBeUndefined();
    },
  );

  it('without a count tells no size', () => {
    expect(readArchiveEnd('tar: killed\nended 137\n')).toEqual({ status: 137, written: undefined });
    expect(archiveComplaints('tar: killed\nended 137\n')).toEqual(['tar: killed']);
  });
});
