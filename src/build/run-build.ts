import { connectEngine } from '../engine/connect-engine.ts';
import { findOwnContainer } from '../engine/own-container.ts';
import type { EngineEnvironment } from '../engine/engine-address.ts';
import { EngineRefusal } from '../engine/engine.ts';
import { Failure, Failures, failuresOf } from '../failure.ts';
import type { Report } from '../report/event.ts';
import { buildImage, planBuild, type BuildResult } from './build-image.ts';
import type { BuildRequest } from './build-request.ts';
import type { BuildContext } from './context.ts';
import { refusalFailure } from './in-workspace.ts';
import { checkMakeConf } from './make-conf.ts';

/** The world that a run starts in. */
export interface RunSettings {
  readonly environment: EngineEnvironment;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Connects to the engine and does the main job, within the request's time limit. */
export async function runBuild(request: BuildRequest, settings: RunSettings): Promise<BuildResult> {
  return withTimeout(request, settings.signal, async (signal) =>
    buildImage(request, await connect(request, { ...settings, signal })),
  );
}

/** Connects to the engine and says what the main job would do. */
export async function runDryRun(request: BuildRequest, settings: RunSettings): Promise<readonly string[]> {
  return planBuild(request, await connect(request, settings));
}

/** An engine that cannot be used does not hide what can be seen without one to be wrong besides. */
async function connect(request: BuildRequest, { environment, report, signal }: RunSettings): Promise<BuildContext> {
  try {
    const engine = await connectEngine(environment);
    return { engine, report, signal, self: await findOwnContainer(engine) };
  } catch (error) {
    const [first, ...rest] = error instanceof EngineRefusal ? [refusalFailure(error)] : failuresOf(error);
    if (first === undefined) throw error;
    const makeConf = await checkMakeConf(request.makeConf).then(() => [], failuresOf);
    throw new Failures([first, ...rest, ...request.invalidPackages, ...makeConf]);
  }
}

async function withTimeout<T>(
  { timeout: seconds, binpkgs }: BuildRequest,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return work(signal);
  const timeout = new AbortController();
  const failure = new Failure('timed-out', `failed to build: it took longer than --timeout, ${seconds} s`, {
    hint: `raise --timeout${binpkgs ? '; what was compiled so far is kept as binary packages and is not compiled again' : ''}`,
  });
  const timer = setTimeout(() => timeout.abort(failure), seconds * 1000);
  try {
    return await work(AbortSignal.any([signal, timeout.signal]));
  } finally {
    clearTimeout(timer);
  }
}
