import { expect, it } from 'vitest';
import { refusedSync } from '../../../src/job/tree/refused-sync.ts';

const explain = (...lines: string[]) => refusedSync(lines, 'the volume mine', 'name another volume');

it('a sync that found the files of others names the tree, and how to choose another', () => {
  expect(explain('a line', '!!! no sync (foreign): it is not empty', 'another line')).toEqual({
    code: 'tree-unusable',
    message: 'failed to sync the volume mine: it is not empty',
    hint: 'name another volume',
  });
});

it('a sync that found a lock of another program says to wait, and what to do if there is no such program', () => {
  expect(explain('!!! no sync (locked): its .git/index.lock is young')).toEqual({
    code: 'tree-unusable',
    message: 'failed to sync the volume mine: its .git/index.lock is young',
    hint: 'wait until no program uses the directory, for example git on the host, and repeat the command; if no program uses it, remove the file',
  });
});

it('the first refusal counts, with its whole reason', () => {
  expect(explain('!!! no sync (foreign): one: two', '!!! no sync (locked): three')?.message).toBe(
    'failed to sync the volume mine: one: two',
  );
});

it.each([
  [],
  ['a line'],
  ['!!! no sync (other): a reason'],
  ['!!! no sync (foreign): '],
  ['x !!! no sync (foreign): a reason'],
  ['!!! no sync (foreign): a reason\n with a second line'],
])('a sync that failed otherwise has no such explanation: %j', (...lines) => {
  expect(explain(...lines)).toBeUndefined();
});
