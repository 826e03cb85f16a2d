import { describe, expect } from 'vitest';
import {
  containersWith,
  it,
  untilRemoved,
  workVolumesOf,
  type Builder,
  type RunningBuilder,
} from '../support/builder.ts';
import { EngineProxy, type RequestPattern } from '../support/proxy.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';

const motto = ['--no-sync', 'app-misc/motto'];

/** A builder that was killed when it was about to send a request. */
interface Killed {
  /** The id of the builder container. */
  readonly builder: string;
  /** The request that the engine never got. */
  readonly request: string;
  /** The build container. */
  readonly container: string;
}

/**
 * Kills a builder when it sends a request that matches. The engine does not get that request. `about` makes the pattern when the build
 * container runs; without it, the pattern is that of the build container's start.
 */
async function killBefore(builder: Builder, about?: (container: string) => RequestPattern): Promise<Killed> {
  await using proxy = await EngineProxy.open();
  if (about === undefined) proxy.rules.hold = [{ method: 'POST', path: /\/containers\/[^/]+\/start$/ }];
  const running = builder.start(['app-misc/motto'], { socket: proxy.socketPath });
  if (about !== undefined) proxy.rules.hold = [about(await running.buildContainer())];
  const request = await Promise.race([proxy.held, endedEarly(running)]);
  const id = await running.id();
  const [volume = ''] = await workVolumesOf(id);
  const [container = '', ...others] = await containersWith(volume);
  expect(others).toEqual([]);
  await running.signal('SIGKILL');
  await running.outcome;
  return { builder: id, request, container };
}

async function endedEarly(running: RunningBuilder): Promise<never> {
  throw new Error(`the builder ended:\n${(await running.outcome).stderr}`);
}

/** The state of a killed builder's container; `removed` if the run of another test has swept it already. */
async function stateOf(container: string): Promise<string> {
  try {
    return (await rawDocker().getContainer(container).inspect()).State.Status;
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode !== 404) throw error;
    return 'removed';
  }
}

/** The id of the image that was committed from a container. The test removes the image at its end. */
async function committedFrom(container: string, builder: Builder): Promise<string | undefined> {
  const name = `gentoo-${container.slice(0, 4)}`;
  builder.removeLater({ image: name });
  const image = await rawDocker()
    .getImage(name)
    .inspect()
    .catch(() => undefined);
  return image?.Id;
}

function untilNothingIsLeft({ builder, container }: Killed): Promise<void> {
  return untilRemoved(async () => [
    ...((await stateOf(container)) === 'removed' ? [] : [container]),
    ...(await workVolumesOf(builder)),
  ]);
}

describe('a builder that is killed', () => {
  it('between create and start leaves a container that the next run removes', async ({ builder }) => {
    const killed = await killBefore(builder);
    expect(killed.request).toContain(`/containers/${killed.container}/start`);
    expect(['created', 'removed']).toContain(await stateOf(killed.container));
    const next = await builder.run(['app-misc/motto']);
    expect(next).toMatchObject({ status: 0 });
    await untilNothingIsLeft(killed);
  });

  it('between commit and remove leaves an image that the next run returns', async ({ builder }) => {
    const killed = await killBefore(builder, (id) => ({ method: 'DELETE', path: new RegExp(`/containers/${id}`) }));
    expect(['exited', 'removed']).toContain(await stateOf(killed.container));
    const image = await committedFrom(killed.container, builder);
    expect(image).toBeDefined();
    const next = await builder.run(motto);
    expect(next).toMatchObject({ status: 0 });
    expect(next.image).toBe(`gentoo-${killed.container.slice(0, 4)}`);
    expect(next.stderr).toContain('nothing is built');
    expect(await committedFrom(killed.container, builder)).toBe(image);
    await untilNothingIsLeft(killed);
    expect(await builder.runInImage(next.image, 'motto')).not.toBe('');
  });

  it('between commit and the register of images leaves an image that the next run keeps', async ({ builder }) => {
    const killed = await killBefore(builder, () => ({ method: 'POST', path: /\/volumes\/create/ }));
    expect(['exited', 'removed']).toContain(await stateOf(killed.container));
    const image = await committedFrom(killed.container, builder);
    expect(image).toBeDefined();
    const next = await builder.run(motto);
    expect(next).toMatchObject({ status: 0 });
    // Nothing proves that gentoo-builder made the image: the build is repeated under another name.
    expect(next.image).not.toBe(`gentoo-${killed.container.slice(0, 4)}`);
    expect(await committedFrom(killed.container, builder)).toBe(image);
    await untilNothingIsLeft(killed);
  });
});
