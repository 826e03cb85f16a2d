import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { endedJobFailure, jobFailure } from '../../../src/job/job-failure.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { BuildWorld, interruption } from '../builder/build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
const whole = /the whole log: docker run .*\/build\.log$/;
const timedOut = new Failure('timed-out', 'failed to build: too long', { hint: 'wait', cause: 'time', logTail: ['x'] });

describe('the failure of a job', () => {
  it('has the last thirty lines of the log, and the command that shows the whole log', async () => {
    using world = new BuildWorld();
    const session = await world.session();
    const explained = { code: 'sync-failed', message: 'failed to sync', hint: 'do this', cause: 'why' } as const;
    expect(jobFailure(session, explained, { lines })).toMatchObject({
      ...explained,
      hint: expect.stringMatching(new RegExp(`^do this\n${whole.source}`)) as string,
      logTail: lines.slice(10),
    });
    const file = `${session.log.directory}/app-misc:a-1.log`;
    expect(jobFailure(session, { ...explained, hint: undefined }, { lines, file }).hint).toMatch(
      /^the whole log: docker run .*\/app-misc:a-1\.log$/,
    );
  });
});

describe('a job that is ended from outside', () => {
  const none: ReadonlySet<string> = new Set();

  it('shows the end of the newest log, and keeps code, hint and cause', async () => {
    using world = new BuildWorld();
    const session = await world.session();
    const file = `${session.log.directory}/app-misc:a-1.log`;
    world.engine.onExec = () => ({ stdout: `${file}\none\ntwo\n` });
    expect(await endedJobFailure(session, { error: timedOut, underWay: none })).toMatchObject({
      code: 'timed-out',
      message: 'failed to build: too long',
      hint: expect.stringMatching(/^wait\nthe whole log: .*\/app-misc:a-1\.log$/) as string,
      cause: 'time',
      logTail: ['one', 'two'],
    });
  });

  it.each([
    ['there is no log', () => ({ stdout: '' })],
    ['the container does not answer', () => new Promise<never>(() => undefined)],
    ['the process cannot be started', () => Promise.reject(new Error('no'))],
  ])('keeps its own lines if %s, and does not wait longer than three seconds', async (_what, onExec) => {
    using world = new BuildWorld();
    const session = await world.session();
    world.engine.onExec = onExec;
    const elapsed = stopwatch();
    const ended = passTime(endedJobFailure(session, { error: timedOut, underWay: new Set(['a/b-1']) }));
    expect(await ended).toMatchObject({
      message: 'failed to build: too long, while a/b-1 was being built',
      hint: expect.stringMatching(whole) as string,
      logTail: ['x'],
    });
    expect(elapsed()).toBeLessThanOrEqual(3000);
  });

  it.each([interruption, new Failure('terminated', 'terminated'), new Error('a defect')])(
    'fails with nothing but %o, and does not ask the container',
    async (error) => {
      using world = new BuildWorld();
      const session = await world.session();
      expect(await endedJobFailure(session, { error, underWay: none })).toBe(error);
      expect(world.calls('execAttached')).toEqual([]);
    },
  );
});
