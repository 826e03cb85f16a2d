import { expect, it } from 'vitest';
import { earlyHooks } from '../../../../src/zentoo/configure/hook-digest.ts';
import { branch } from '../../plan/sites.ts';

const digest = (files: Readonly<Record<string, string>>) => earlyHooks(branch('plain', '', files)).get('hooks');

it('is nothing for a branch without hooks that run before something is compiled', () => {
  expect(digest({})).toBeUndefined();
  expect(digest({ finish: '#!a', assemble: '#!b', 'lib/words': 'c' })).toBeUndefined();
  expect(digest({ 'lib/compile': '#!a' })).toBeUndefined();
});

it('changes with the early hooks and all files that they may use, and not with the later hooks', () => {
  const files = { compile: '#!a', finish: '#!b', 'lib/words': 'c', 'lib/finish': 'd' };
  const first = digest(files);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(digest({ ...files, finish: '#!z', assemble: '#!y' })).toBe(first);
  expect(digest({ ...files, compile: '#!z' })).not.toBe(first);
  expect(digest({ ...files, compile: 'a' })).not.toBe(first);
  expect(digest({ ...files, 'lib/words': 'z' })).not.toBe(first);
  expect(digest({ ...files, 'lib/finish': 'z' })).not.toBe(first);
  expect(digest({ ...files, buildmaster: '#!z' })).not.toBe(first);
});
