import { describe, expect, it } from 'vitest';
import { createSession } from '../../src/container/open-session.ts';
import { createBuildLog, logDirectoryName } from '../../src/container/build-log.ts';
import { holdCommand } from '../../src/container/container-scripts.ts';
import { runJob } from '../../src/job/run-job.ts';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import { EngineProxy } from '../support/proxy.ts';
import { stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

/** A build container without a build, reached through a proxy; removed at the end. */
async function openContainer(proxy: EngineProxy) {
  const direct = await connectEngine(process.env);
  const engine = await connectEngine({ DOCKER_HOST: proxy.address });
  const name = uniqueName('job');
  const id = await direct.createContainer(name, {
    image: stage,
    command: holdCommand(),
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
  const context = { engine, report: () => {}, signal: new AbortController().signal, self: undefined };
  const workspace = { run: '00', volume: name };
  return {
    session: createSession(context, { id, workspace, base: stage, trees: ['/'], hold, log }),
    async [Symbol.asyncDispose]() {
      hold.close();
      await direct.removeContainer(id);
    },
  };
}

/** A job that prints numbered lines, with pauses in between. */
function counting(lines: number): Parameters<typeof runJob>[1] {
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
  it.for([
    ['cut', 'again and again'],
    ['frozen', 'once'],
  ] as const)('gives every line once if its streams are %s %s', async ([harm]) => {
    await using proxy = await EngineProxy.open();
    await using opened = await openContainer(proxy);
    // After lines were heard, so that each connection brings the job forward, however slow the machine is.
    const distance = harm === 'cut' ? lines / 20 : lines / 2;
    let expected = 1;
    let wrong = 0;
    let harms = 0;
    const result = await runJob(opened.session, counting(lines), (line) => {
      if (line !== String(expected++)) wrong++;
      if (expected % distance !== 0) return;
      harms++;
      if (harm === 'cut') proxy.cut({ method: 'POST', path: /\/exec\// });
      else if (harms === 1) proxy.freeze();
    });
    expect({ wrong, last: expected - 1, exitStatus: result.exitStatus }).toEqual({
      wrong: 0,
      last: lines,
      exitStatus: 7,
    });
    expect(harms).toBe(lines / distance);
  });
});
