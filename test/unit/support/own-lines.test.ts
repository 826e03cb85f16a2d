import { expect, it } from 'vitest';
import { ownLines } from '../../support/own-lines.ts';

const volume = 'gentoo-builder-0123456789abcdef';

it('leaves out the lock of another set-up, however often it is met', () => {
  const waiting = 'waiting for another set-up on this machine to finish\n';
  expect(ownLines(`${waiting}${waiting}[1/7] preconditions ...\n${waiting}`)).toBe('[1/7] preconditions ...\n');
});

it('leaves out what other tests left on the engine', () => {
  const notes = `note: removed ${volume}, left over from a builder that is gone\nwarning: failed to remove ${volume}, left over from a builder that is gone: volume is in use\n`;
  expect(ownLines(notes)).toBe('');
});

it('keeps every other line', () => {
  const lines = 'note: removed the image x\nwarning: failed to remove x\nwaiting for the tree\n';
  expect(ownLines(lines)).toBe(lines);
});
