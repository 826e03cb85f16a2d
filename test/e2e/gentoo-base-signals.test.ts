import { describe, expect } from 'vitest';
import {
  baseWithFaults,
  borrowVolumes,
  endBase,
  endBaseEarly,
  runBase,
  startBase,
} from '../support/real-engine/base-container.ts';
import { it } from '../support/builder.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';

// The compilation, the sync and the wait never end by themselves, so that only the signal of `docker kill` can end them.
describe('a build in gentoo-base', () => {
  it.for([
    { signal: 'SIGTERM', under: 'dash', docker: [], status: 143 },
    { signal: 'SIGTERM', under: 'bash', docker: [], status: 143 },
    { signal: 'SIGTERM', under: 'dash', docker: ['--init'], status: 143 },
    { signal: 'SIGINT', under: 'dash', docker: [], status: 130 },
  ])('ends at $signal, under $under $docker', async ({ signal, under, docker, status }, { builder }) => {
    const image = await baseWithFaults(builder, `RUN ln -sf ${under} /bin/sh`);
    const options = { image, docker, env: { PKGS: 'test-fault/hangs', SYNC: '1' } };
    const name = await startBase(builder, options, />>> Emerging \(1 of 1\)/);
    expect(await endBase(name, signal)).toBe(status);
  });

  it('ends at SIGTERM during a sync', async ({ builder }) => {
    const name = await startBase(builder, { env: { PKGS: 'app-misc/motto', SYNC: '1' } }, /syncing/);
    expect(await endBase(name, 'SIGTERM')).toBe(143);
  });

  it('ends at SIGTERM although emerge ignores it', async ({ builder }) => {
    const deaf = 'RUN printf "#!/bin/bash\\ntrap \'\' TERM; echo deaf; while :; do sleep 1; done\\n" >/usr/bin/emerge';
    const image = await builder.makeImage('gentoo-base', 'RUN emerge --sync -q', deaf);
    const name = await startBase(builder, { image, env: { PKGS: 'app-misc/motto' } }, /deaf/);
    expect(await endBase(name, 'SIGTERM')).toBe(143);
  });

  it.for([7000, 1])('ends at SIGTERM right after its start, with %i packages', async (count, { builder }) => {
    const env = { PKGS: 'test-fault/hangs '.repeat(count), SYNC: '1' };
    const image = await baseWithFaults(builder);
    expect(await endBaseEarly(await startBase(builder, { image, env }), 'SIGTERM')).toBe(143);
  });

  it('waits for the sync of another container, and ends at SIGTERM while it waits', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    expect(await runBase(builder, { docker, env: { PKGS: 'app-misc/motto', SYNC: '1' } })).toMatchObject({ status: 0 });
    const lock = ['sh', '-c', 'exec flock --exclusive /var/db/repos/gentoo sh -c "echo locked; exec sleep infinity"'];
    const holder = await startBase(builder, { docker: [...docker, '--init'], command: lock }, /locked/);
    const env = { PKGS: 'app-misc/motto' };
    const stopped = await startBase(
      builder,
      { docker, env },
      /Waiting for the tree \/var\/db\/repos\/gentoo: another build uses it/,
    );
    const waiting = await startBase(
      builder,
      { docker, env },
      /Waiting for the tree \/var\/db\/repos\/gentoo: another build uses it/,
    );
    expect(await endBase(stopped, 'SIGTERM')).toBe(143);
    await endBase(holder, 'SIGTERM');
    expect(await rawDocker().getContainer(waiting).wait()).toMatchObject({ StatusCode: 0 });
  });
});
