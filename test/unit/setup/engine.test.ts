import { expect, test } from 'vitest';
import { decideOnEngine } from '../../../setup/engine/engine.js';

const endpoint = { url: 'unix:///run/engine.sock', socket: '/run/engine.sock' };
const silent = (code: string) => ({ answers: false, code, why: `connect ${code}` }) as const;
const debian = { given: false, mayInstall: true };

test('an engine that answers is used', () => {
  expect(decideOnEngine(endpoint, { answers: true }, { given: true, mayInstall: true })).toBe('use');
});

test('on Debian, as root, a missing one is installed', () => {
  expect(decideOnEngine(endpoint, silent('ENOENT'), debian)).toBe('install');
  expect(decideOnEngine(endpoint, silent('ECONNREFUSED'), debian)).toBe('install');
});

test.each([
  [
    'one that DOCKER_HOST names is not replaced',
    'ECONNREFUSED',
    { given: true, mayInstall: true },
    'unset DOCKER_HOST',
  ],
  ['nothing is installed elsewhere', 'ENOENT', { given: false, mayInstall: false }, 'only on Debian'],
  ['one that is not for this user stays', 'EACCES', debian, 'member of the group'],
])('%s', (_, code, circumstances, hint) => {
  expect(() => decideOnEngine(endpoint, silent(code), circumstances)).toThrow(
    expect.objectContaining({
      status: 10,
      message: `failed to find a Docker engine: unix:///run/engine.sock does not answer: connect ${code}`,
      hint: expect.stringContaining(hint),
    }),
  );
});
