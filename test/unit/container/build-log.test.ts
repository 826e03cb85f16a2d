import { describe, expect, it } from 'vitest';
import {
  createBuildLog,
  describeBuildLog,
  logDirectoryName,
  showLogCommand,
} from '../../../src/container/build-log.ts';
import { chooseMount } from '../../../src/container/mounts.ts';

const now = new Date('2026-02-03T04:05:06.789Z');
const log = (option: string | undefined) =>
  createBuildLog(chooseMount('logs', option, undefined), logDirectoryName('0123456789abcdef', now));

describe('the log of a run', () => {
  it('has its own directory, whose name sorts by time and is unique for the run', () => {
    expect(log(undefined)).toMatchObject({
      name: '20260203T040506Z-01234567',
      directory: '/var/log/portage/20260203T040506Z-01234567',
      path: '/var/log/portage/20260203T040506Z-01234567/build.log',
      read: 0,
    });
  });

  it('is shown and described with its engine if that is another one', () => {
    const engine = { name: 'big', options: ['--host', 'ssh://me@big'], image: 'sha256:1' };
    const far = createBuildLog(chooseMount('logs', undefined, undefined), 'run', 'compile.log', engine);
    expect(describeBuildLog(far)).toBe('the volume gentoo-logs, run/compile.log, on the engine big');
    expect(showLogCommand(far, 'base')).toBe(
      'docker --host ssh://me@big run --rm --entrypoint cat -v gentoo-logs:/log:ro sha256:1 -v /log/run/compile.log',
    );
  });

  const own = '/var/log/portage/20260203T040506Z-01234567/app-misc:hello-2.10.log';
  it.each([
    ['in a volume', undefined, undefined, 'the volume gentoo-logs, 20260203T040506Z-01234567/build.log'],
    ['on the host', '/srv/logs', undefined, '/srv/logs/20260203T040506Z-01234567/build.log'],
    ["a package's own", 'mine', own, 'the volume mine, 20260203T040506Z-01234567/app-misc:hello-2.10.log'],
    [
      "a package's that is elsewhere: the whole log instead",
      'mine',
      '/var/tmp/portage/x/temp/build.log',
      'the volume mine, 20260203T040506Z-01234567/build.log',
    ],
  ])('is described for a person on the host: %s', (_what, option, file, expected) => {
    expect(describeBuildLog(log(option), file)).toBe(expected);
  });

  it.each([
    [
      'in a volume',
      undefined,
      undefined,
      'docker run --rm --entrypoint cat -v gentoo-logs:/log:ro base -v /log/20260203T040506Z-01234567/build.log',
    ],
    ['on the host', '/srv/logs', own, 'less /srv/logs/20260203T040506Z-01234567/app-misc:hello-2.10.log'],
    [
      'on the host, in a directory with special characters',
      "/srv/my 'logs'",
      undefined,
      String.raw`less '/srv/my '\''logs'\''/20260203T040506Z-01234567/build.log'`,
    ],
  ])('case 3.9: is shown by a command that shows escape sequences as text: %s', (_what, option, file, expected) => {
    expect(showLogCommand(log(option), 'base', file)).toBe(expected);
  });
});
