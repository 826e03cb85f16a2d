import { expect, test } from 'vitest';
import { findReplaced } from '../../../setup/images/ensure-image.js';

test.each([
  ['nothing has the name', {}, undefined],
  ['it was made here', { 'a:latest': '1', 'a:fingerprint-x': '1' }, undefined],
  [
    'it was made here from something else',
    { 'a:latest': '1', 'a:fingerprint-x': '2', 'a:fingerprint-y': '1' },
    undefined,
  ],
  ['somebody made it', { 'a:latest': '1' }, '1'],
  ['somebody made it after it was made here', { 'a:latest': '1', 'a:fingerprint-x': '2' }, '1'],
  ['it was made here under another name', { 'a:latest': '1', 'b:fingerprint-x': '1' }, '1'],
])('the image that a name is taken from: %s', (_name, images, id) => {
  expect(findReplaced(new Map(Object.entries(images)), 'a')).toBe(id);
});
