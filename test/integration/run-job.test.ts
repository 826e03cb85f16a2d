import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BuildContainer } from '../../src/build/build-container.ts';
import { createBuildLog, logDirectoryName } from '../../src/build/build-log.ts';
import type { BuildContext } from '../../src/build/context.ts';
import { holdCommand } from '../../src/build/job-scripts.ts';
import { runJob } from '../../src/build/run-job.ts';
import { connectEngine } from '../../src/engine/connect-engine.ts';
import { EngineProxy } from '../support/proxy.ts';
import { stage, uniqueName } from '../support/real-engine.ts';

/** A build container without a build, reached through a proxy; removed at the end. */
async function openContainer(proxy: EngineProxy) {
  const direct = await connectEngine(process.env);
  const engine = await connectEngine({ DOCKER_HOST: proxy.address });
  const name = uniqueName('job');
  const id = await direct.createContainer(name, {
    image: stage,
    command: holdCommand,
    mounts: [],
    init: true,
    openStdin: true,
  });
  const hold = await direct.holdStdin(id);
  await direct.startContainer(id);
  const log = createBuildLog(
    { role: 'logs', type: 'volume', source: 'none', origin: 'given', readOnly: false },
    logDirectoryName('00', new Date()),
  );
  const container: BuildContainer = {
    id,
    workspace: { run: '00', volume: name },
    base: stage,
    trees: ['/'],
    hold,
    log,
    lastJob: undefined,
  };
  const context: BuildContext = {
    engine,
    report: () => {},
    signal: new AbortController().signal,
    self: undefined,
  };
  return {
    context,
    container,
    async [Symbol.asyncDispose]() {
      hold.close();
      await direct.removeContainer(id);
    },
  };
}

/** A job that prints numbered lines, with pauses in between. */
function counting(lines: number): Parameters<typeof runJob>[2] {
  const script = `for part in 1 2 3 4 5 6 7 8; do seq "$(((part - 1) * $1 / 8 + 1))" "$((part * $1 / 8))"; sleep 0.2; done; exit 7`;
  return {
    name: 'emerge',
    step: 'emerge',
    command: ['/bin/sh', '-c', script, 'count', String(lines)],
    environment: {},
    watch: false,
    silenceTimeout: undefined,
  };
}

const lines = 400_000;

describe('a job on a real engine', () => {
  it.for(['cut', 'freeze'] as const)('whose streams are %s again and again gives every line once', async (harm) => {
    await using proxy = await EngineProxy.open();
    await using opened = await openContainer(proxy);
    let expected = 1;
    let wrong = 0;
    let harms = 0;
    const done = new AbortController();
    const harming = (async () => {
      while (!done.signal.aborted && harms < (harm === 'cut' ? 20 : 1)) {
        await delay(harm === 'cut' ? 150 : 700, undefined, { signal: done.signal }).catch(() => {});
        if (harm === 'cut') proxy.cut({ method: 'POST', path: /\/exec\// });
        else proxy.freeze();
        harms++;
      }
    })();
    const result = await runJob(opened.context, opened.container, counting(lines), (line) => {
      if (line !== String(expected++)) wrong++;
    });
    done.abort();
    await harming;
    expect({ wrong, last: expected - 1, exitStatus: result.exitStatus }).toEqual({
      wrong: 0,
      last: lines,
      exitStatus: 7,
    });
    expect(harms).toBeGreaterThan(0);
  });
});
