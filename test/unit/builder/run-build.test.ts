import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage, planBuild } from '../../../src/builder/build-image.ts';
import { runBuild, runDryRun } from '../../../src/builder/run-build.ts';
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure, failuresOf } from '../../../src/failure.ts';
import { buildRequest, BuildWorld, interruption, program } from './build-world.ts';

let world: BuildWorld;
const environment = { DOCKER_HOST: 'unix:///nowhere' };

beforeEach(async () => {
  vi.useFakeTimers();
  const building = await import('../../../src/builder/build-image.ts');
  vi.spyOn(building, 'buildImage');
  vi.spyOn(building, 'planBuild');
  vi.spyOn(await import('../../../src/engine/docker/connect-engine.ts'), 'connectEngine');
  world = new BuildWorld();
  vi.mocked(connectEngine).mockResolvedValue(world.engine);
});
afterEach(() => {
  world[Symbol.dispose]();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const settings = () => ({ environment, report: world.context.report, signal: world.aborter.signal });

/** Runs a build that only ends when its signal is aborted; resolves to the failures. */
async function abortedBuild(parts: Parameters<typeof buildRequest>[0]): Promise<readonly Failure[]> {
  vi.mocked(buildImage).mockImplementation(
    (_request, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  );
  const ending = runBuild(buildRequest(parts), { ...settings(), program }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  return failuresOf(await ending);
}

describe('the time limit of a build', () => {
  it('aborts the build, and tells that compiled packages are kept', async () => {
    expect(await abortedBuild({ timeout: 60 })).toMatchObject([
      {
        code: 'timed-out',
        message: 'failed to build: it took longer than --timeout, 60 s',
        hint: 'raise --timeout; the packages compiled so far are kept as binary packages and are not compiled again',
      },
    ]);
  });

  it('promises no binary packages with --no-binpkgs', async () => {
    expect(await abortedBuild({ timeout: 60, binpkgs: false })).toMatchObject([{ hint: 'raise --timeout' }]);
  });

  it('is not reached before its time, and an interruption still ends the build', async () => {
    setTimeout(() => world.aborter.abort(interruption), 59_000);
    expect(await abortedBuild({ timeout: 60 })).toEqual([interruption]);
  });

  it('leaves no timer behind', async () => {
    const result = { unchanged: true } as never;
    vi.mocked(buildImage).mockResolvedValue(result);
    expect(await runBuild(buildRequest({ timeout: 60 }), { ...settings(), program })).toBe(result);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an engine that does not answer', () => {
  const makeConf = '/nowhere/make.conf';
  const invalid = new Failure('invalid-package', 'failed to read the package x');

  it.each([
    [new Failure('engine-unreachable', 'no engine'), 'engine-unreachable'],
    [new EngineRefusal(403, 'not for you'), 'engine-refused'],
  ])('is reported with everything else that is wrong: %o', async (error, code) => {
    vi.mocked(connectEngine).mockRejectedValue(error);
    const request = buildRequest({ invalidPackages: [invalid], makeConf });
    const codes = (reason: unknown) => failuresOf(reason).map((failure) => failure.code);
    const expected = [code, 'invalid-package', 'usage'];
    expect(codes(await runDryRun(request, settings()).catch((reason: unknown) => reason))).toEqual(expected);
    expect(codes(await runBuild(request, { ...settings(), program }).catch((reason: unknown) => reason))).toEqual(
      expected,
    );
  });

  it('is reported alone if the request has no fault', async () => {
    vi.mocked(connectEngine).mockRejectedValue(new Failure('engine-unreachable', 'no engine'));
    await expect(runDryRun(buildRequest(), settings())).rejects.toMatchObject({ message: 'no engine' });
  });

  it('is no excuse for a defect', async () => {
    const defect = new TypeError('x is not a function');
    vi.mocked(connectEngine).mockRejectedValue(defect);
    await expect(runDryRun(buildRequest(), settings())).rejects.toBe(defect);
  });
});

it('a dry run returns the plan', async () => {
  vi.mocked(planBuild).mockResolvedValue(['stop', 'remove it']);
  expect(await runDryRun(buildRequest(), settings())).toEqual(['stop', 'remove it']);
});
