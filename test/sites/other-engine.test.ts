import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { Builder, faultsStage } from '../support/builder.ts';
import { SecondEngine } from '../support/second-engine.ts';

describe('case 1.11: a builder in a container, whose builds are on another engine', () => {
  const builder = new Builder();
  let engine: SecondEngine;
  /** The builder reaches its own engine by the default socket, and the other one by DOCKER_HOST. */
  const options = () => ({
    base: faultsStage,
    ownVolumes: false,
    docker: ['-v', `${engine.socket}:/second.sock`, '-e', 'DOCKER_HOST=unix:///second.sock'],
  });

  beforeAll(async () => {
    engine = await SecondEngine.open('4G');
    await engine.copyImages(faultsStage);
  });
  afterAll(async () => {
    await builder[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  const running = async () => (await engine.docker.listContainers()).map(({ Id }) => Id);
  const workVolumes = async () => {
    const { Volumes } = await engine.docker.listVolumes({ filters: { label: [ownerLabel] } });
    return Volumes.map(({ Name }) => Name);
  };

  it('keeps its build while it lives, and the next run removes the build when it was killed', async () => {
    const first = builder.start(['test-fault/hangs'], options());
    await first.said(/>>> Emerging \(1 of 1\)/);
    const [container = '', ...others] = await running();
    expect(others).toEqual([]);
    const [volume] = await workVolumes();

    const second = await builder.run(['--no-sync', 'app-misc/motto'], options());
    expect([second.status, second.stderr]).toEqual([0, expect.not.stringContaining('left over')]);
    expect(await running()).toEqual([container]);

    await first.signal('SIGKILL');
    await first.outcome;
    await engine.docker.getContainer(container).wait({ condition: 'not-running' });
    const third = await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'], options());
    expect([third.status, third.stderr]).toEqual([
      0,
      expect.stringContaining(`removed ${volume}, left over from a builder that is gone`),
    ]);
    expect(await engine.docker.listContainers({ all: true })).toEqual([]);
    expect(await workVolumes()).toEqual([]);
  });
});
