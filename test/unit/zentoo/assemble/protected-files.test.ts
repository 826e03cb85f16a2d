import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ContainerSession } from '../../../../src/container/container-session.ts';
import { stateDirectory } from '../../../../src/container/work-directories.ts';
import { markMerge, planProtected, resolveProtected } from '../../../../src/zentoo/assemble/protected-files.ts';
import { protectionRules } from '../../../../src/site/protection-rules.ts';
import { branch, tupleOf } from '../../plan/sites.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const rulesOf = (text: string) => protectionRules(branch('base', '', { 'zentoo/protected-files': text }).entries);
const plan = (rules: string, files: readonly string[], root = '/') =>
  planProtected(files, rulesOf(rules), root).map(({ taken, from, to }) => [taken, from, to]);

describe('configuration files that Portage left beside others', () => {
  it('are taken unless a rule fits, and the last that fits counts', () => {
    const rules = '/etc/** old\n/etc/ssh/* new # but these\n  /etc/ssh/sshd_config\told\n';
    const files = [
      '/etc/._cfg0000_hosts',
      '/etc/ssh/._cfg0000_moduli',
      '/etc/ssh/._cfg0000_sshd_config',
      '/usr/._cfg0000_x',
    ];
    expect(plan(rules, files)).toEqual([
      ['old', '/etc/._cfg0000_hosts', '/etc/hosts'],
      ['new', '/etc/ssh/._cfg0000_moduli', '/etc/ssh/moduli'],
      ['old', '/etc/ssh/._cfg0000_sshd_config', '/etc/ssh/sshd_config'],
      ['new', '/usr/._cfg0000_x', '/usr/x'],
    ]);
  });

  it('come in their order, so that the latest of several is in place in the end', () => {
    const files = ['/etc/._cfg0010_a', '/etc/._cfg0000_a', '/etc/._cfg0002_a'];
    expect(plan('', files).map(([, from]) => from)).toEqual([
      '/etc/._cfg0000_a',
      '/etc/._cfg0002_a',
      '/etc/._cfg0010_a',
    ]);
  });

  it('may have names with anything in them, also those of a protected file', () => {
    expect(plan('', ['/etc/._cfg0000_._cfg0001_odd name\n'])).toEqual([
      ['new', '/etc/._cfg0000_._cfg0001_odd name\n', '/etc/._cfg0001_odd name\n'],
    ]);
  });

  it('are told by their paths in the root, wherever that lies; a star stands for one name', () => {
    const root = '/usr/x86_64-pc-linux-musl';
    expect(plan('/etc/*.conf old', [`${root}/etc/._cfg0000_a.conf`, `${root}/etc/b/._cfg0000_a.conf`], root)).toEqual([
      ['old', `${root}/etc/._cfg0000_a.conf`, `${root}/etc/a.conf`],
      ['new', `${root}/etc/b/._cfg0000_a.conf`, `${root}/etc/b/a.conf`],
    ]);
  });
});

describe('case 2.8: a file with the name of a configuration file that Portage left', () => {
  /** Runs commands with the programs of this machine; `root` and the directory of the state are below `directory`. */
  function sessionIn(directory: string, notes: string[]): ContainerSession {
    const place = (word: string) => word.replace(stateDirectory, join(directory, 'state'));
    const run = ({ command: [name = '', ...words] }: { readonly command: readonly string[] }) =>
      new Promise((resolve) => {
        execFile(name, words.map(place), (error, stdout, stderr) =>
          resolve({ exitCode: error === null ? 0 : 1, stdout, stderr }),
        );
      });
    const report = (event: { readonly message: string }) => void notes.push(event.message);
    return { run, report } as unknown as ContainerSession;
  }

  /** Waits until the clock of the file system has gone on, which has steps of some milliseconds. */
  function passTick(directory: string): void {
    const first = changed(directory);
    while (changed(directory) === first);
  }

  function changed(directory: string): bigint {
    writeFileSync(join(directory, 'tick'), '');
    return statSync(join(directory, 'tick'), { bigint: true }).ctimeNs;
  }

  it.each([
    ['', false],
    [', also if the clock is set back during the merge', true],
  ])(
    'is left alone if it was there before the merge, and is taken if the merge wrote it%s',
    async (_also, isSetBack) => {
      using directory = temporaryDirectory();
      const root = join(directory.path, 'root');
      const write = (path: string, text: string) => writeFileSync(join(root, path), text);
      mkdirSync(join(directory.path, 'state'));
      mkdirSync(join(root, 'etc/portage/package.use'), { recursive: true });
      write('etc/portage/package.use/greet', 'own');
      write('etc/portage/package.use/._cfg0000_greet', 'committed');
      write('etc/hosts', 'old');
      write('etc/._cfg0000_hosts', 'of the stage');
      write('etc/fstab', 'old');
      const notes: string[] = [];
      const session = sessionIn(directory.path, notes);
      passTick(directory.path);
      const work = { tuple: tupleOf(), location: { root } } as never;
      await markMerge(session, work);
      if (isSetBack) {
        const tomorrow = new Date(Date.now() + 86_400_000);
        utimesSync(join(directory.path, 'state/merge-began'), tomorrow, tomorrow);
      }
      passTick(directory.path);
      write('etc/._cfg0000_fstab', 'new');
      // Portage uses the name of an equal file again.
      write('etc/._cfg0000_hosts', 'new');
      const resolved = await resolveProtected(session, work);
      const read = (path: string) => readFileSync(join(root, path), 'utf8');
      expect(read('etc/portage/package.use/greet')).toBe('own');
      expect(read('etc/portage/package.use/._cfg0000_greet')).toBe('committed');
      expect([read('etc/fstab'), read('etc/hosts')]).toEqual(['new', 'new']);
      expect(resolved.map(({ path }) => path)).toEqual(['/etc/fstab', '/etc/hosts']);
      expect(notes).toHaveLength(2);
    },
  );
});
