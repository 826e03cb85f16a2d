import { describe, expect, it } from 'vitest';
import { planProtected } from '../../../../src/build/tuple/protected-files.ts';
import { protectionRules } from '../../../../src/site/protection-rules.ts';
import { branch } from '../../plan/sites.ts';

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
