import { expect, test } from 'vitest';
import { areInstalled } from '../../../setup/packages/dependencies.js';

const machine = { platform: 'linux', arch: 'x64' };
const a = { version: '1.0.0', integrity: 'sha512-a' };
const native = { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] };

const installed = (locked: object, present: object) =>
  areInstalled({ packages: { '': {}, ...locked } }, { packages: { ...present } }, machine);

test('what the lock file names is installed, in its version, and nothing else', () => {
  expect(installed({ a }, { a })).toBe(true);
  expect(installed({ a }, {})).toBe(false);
  expect(installed({ a }, { a: { ...a, version: '2.0.0' } })).toBe(false);
  expect(installed({ a }, { a: { ...a, integrity: 'sha512-b' } })).toBe(false);
  expect(installed({}, { a })).toBe(false);
});

test('packages for other platforms need not be there, those for this one must', () => {
  expect(installed({ native }, {})).toBe(false);
  expect(installed({ native: { ...native, os: ['darwin'] } }, {})).toBe(true);
  expect(installed({ native: { ...native, cpu: ['arm64'] } }, {})).toBe(true);
  expect(installed({ native: { ...native, libc: ['musl'] } }, {})).toBe(true);
});
