import { describe, expect } from 'vitest';
import { nameRequest, readAllowedRequests } from '../support/engine-server/allowed-requests.ts';
import { faultsStage, it, untilRemoved, workVolumesOf } from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { uniqueName } from '../support/unique-name.ts';

const faults = { base: faultsStage };

describe('a connection to the engine', () => {
  it.for(['both', 'each'] as const)(
    'that is cut after 10 s of silence (%s directions) does not end a build that is silent for 30 s',
    async (directions, { builder }) => {
      // Far longer than between two keep-alive bytes, or until the engine answers, on a busy machine, too.
      await using proxy = await EngineProxy.open({ silence: { milliseconds: 10_000, directions } });
      const outcome = await builder.run(['test-fault/long-silence'], { ...faults, socket: proxy.socketPath });
      expect(outcome).toMatchObject({ status: 0 });
    },
  );

  it('that loses the answer to the commit neither loses the image nor commits twice', async ({ builder }) => {
    await using proxy = await EngineProxy.open({ loseAnswer: [{ method: 'POST', path: /\/commit/ }] });
    const outcome = await builder.run(['app-misc/motto'], { socket: proxy.socketPath });
    expect(outcome).toMatchObject({ status: 0, image: expect.stringMatching(/^gentoo-[0-9a-f]{4,}$/) as string });
    expect(proxy.requests.filter((request) => /^POST .*\/commit/.test(request))).toHaveLength(1);
    expect(await builder.runInImage(outcome.image, 'motto')).not.toBe('');
  });

  it('carries only requests that least-privilege allows', async ({ builder }) => {
    await using proxy = await EngineProxy.open();
    const socket = proxy.socketPath;
    const tag = uniqueName('tag');
    builder.removeLater({ image: tag });
    expect(await builder.run(['--tag', tag, 'app-misc/motto'], { socket })).toMatchObject({ status: 0 });
    const slow = ['--timeout=5s', 'test-fault/hangs'];
    expect(await builder.run(slow, { ...faults, socket })).toMatchObject({ status: 35 });
    const allowed = await readAllowedRequests();
    const asked = proxy.requests.map(nameRequest);
    expect(asked.filter((request) => !allowed.some((pattern) => pattern.test(request)))).toEqual([]);
  });

  it('that is lost is reported as a failure of the engine, not of the package', async ({ builder }) => {
    const proxy = await EngineProxy.open();
    const running = builder.start(['test-fault/hangs'], { ...faults, socket: proxy.socketPath });
    await running.buildContainer();
    await running.said(/>>> Emerging \(1 of 1\)/);
    const id = await running.id();
    await proxy[Symbol.asyncDispose]();
    const { status, stderr } = await running.outcome;
    expect(status).toBe(16);
    expect(stderr).not.toContain('failed to emerge test-fault');
    await builder.run(['--no-sync', 'app-misc/motto']);
    await untilRemoved(() => workVolumesOf(id));
  });
});
