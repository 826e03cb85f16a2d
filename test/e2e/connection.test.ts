import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { faultsStage, it, workVolumesOf } from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { uniqueName } from '../support/real-engine.ts';
import { projectDirectory } from '../support/readme.ts';

const faults = { base: faultsStage };

/** What the profile least-privilege lets through: patterns over the method and the path without the API's version. */
const needed = (await readFile(join(projectDirectory, 'least-privilege/allowed-requests'), 'utf8'))
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => new RegExp(line));

describe('a connection to the engine', () => {
  it.for(['both', 'each'] as const)(
    'that is cut after 4 s of silence (%s directions) does not end a build that is silent for 30 s',
    async (directions, { builder }) => {
      await using proxy = await EngineProxy.open({ silence: { milliseconds: 4000, directions } });
      const outcome = await builder.run(['test-fault/long-silence'], { ...faults, socket: proxy.socketPath });
      expect(outcome).toMatchObject({ status: 0 });
    },
  );

  it('that loses the answer to the commit does not lose the image, and does not commit twice', async ({ builder }) => {
    await using proxy = await EngineProxy.open({ loseAnswer: [{ method: 'POST', path: /\/commit/ }] });
    const outcome = await builder.run(['app-misc/motto'], { socket: proxy.socketPath });
    expect(outcome).toMatchObject({ status: 0, image: expect.stringMatching(/^gentoo-[0-9a-f]{4,}$/) as string });
    expect(proxy.requests.filter((request) => /^POST .*\/commit/.test(request))).toHaveLength(1);
    expect(await builder.runInImage(outcome.image, 'motto')).not.toBe('');
  });

  it('carries no request but what least privilege has to allow', async ({ builder }) => {
    await using proxy = await EngineProxy.open();
    const socket = proxy.socketPath;
    const tag = uniqueName('tag');
    builder.removeLater({ image: tag });
    expect(await builder.run(['--tag', tag, 'app-misc/motto'], { socket })).toMatchObject({ status: 0 });
    const slow = ['--timeout=5s', 'test-fault/hangs'];
    expect(await builder.run(slow, { ...faults, socket })).toMatchObject({ status: 35 });
    const paths = proxy.requests.map((request) => request.replace(/ \/v1\.\d+/, ' ').replace(/\?.*/s, ''));
    expect(paths.filter((path) => !needed.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  it('that is gone for good is reported as the engine, not as the package', async ({ builder }) => {
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
    expect(await workVolumesOf(id)).toEqual([]);
  });
});
