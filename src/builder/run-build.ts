import { findDockerProxies } from '../engine/docker/docker-context.ts';
import { connectEngine } from '../engine/docker/connect-engine.ts';
import { localEngineBeside } from '../engine/docker/local-engine.ts';
import { findOwnContainer } from '../engine/own-container.ts';
import type { EngineEnvironment } from '../engine/docker/engine-address.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import { Failure, Failures, failuresOf } from '../failure.ts';
import { startTimer } from '../long-timer.ts';
import type { BuildRecord } from '../record/build-record.ts';
import { describeLeftOut, proxySettings } from '../portage/proxy-settings.ts';
import type { Report } from '../report/event.ts';
import { buildImage, planBuild, type BuildResult } from './build-image.ts';
import type { BuildRequest } from './build-request.ts';
import type { BuildContext } from '../container/context.ts';
import { refusalFailure } from '../container/refusal-failure.ts';
import { readGivenMakeConf } from './base/make-conf.ts';

/** The environment of a run: variables, report and signal. */
export interface RunSettings {
  readonly environment: EngineEnvironment;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Connects to the engine and does the main job within the request's time limit. */
export async function runBuild(
  request: BuildRequest,
  settings: RunSettings & Pick<BuildRecord, 'program'>,
): Promise<BuildResult> {
  return withTimeout(request, settings.signal, async (signal) =>
    buildImage(request, await connect(request, { ...settings, signal }), settings.program),
  );
}

/** Connects to the engine and describes the steps that the main job would take. */
export async function runDryRun(request: BuildRequest, settings: RunSettings): Promise<readonly string[]> {
  return planBuild(request, await connect(request, settings));
}

/** Connects to the engine. If that fails, also throws the failures of the request that can be found without an engine. */
async function connect(request: BuildRequest, { environment, report, signal }: RunSettings): Promise<BuildContext> {
  try {
    const engine = await connectEngine(environment);
    const [self, proxies] = [
      await findOwnContainer(engine),
      proxySettings(environment, findDockerProxies(environment, engine.address)),
    ];
    for (const name of proxies.leftOut) await report({ type: 'warning', ...describeLeftOut(name) });
    return { engine, report, signal, self, proxies, findLocal: localEngineBeside(engine) };
  } catch (error) {
    const [first, ...rest] = error instanceof EngineRefusal ? [refusalFailure(error)] : failuresOf(error);
    if (first === undefined) throw error;
    const makeConf = await readGivenMakeConf(request.makeConf).then(() => [], failuresOf);
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
    hint: `raise --timeout${binpkgs ? '; the packages compiled so far are kept as binary packages and are not compiled again' : ''}`,
  });
  const timer = startTimer(() => timeout.abort(failure), seconds * 1000);
  try {
    return await work(AbortSignal.any([signal, timeout.signal]));
  } finally {
    timer.clear();
  }
}
