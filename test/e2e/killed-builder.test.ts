import { describe, expect } from 'vitest';
import { givenImageName } from '../../src/engine/docker/image-answer.ts';
import {
  containersWith,
  it,
  remainsOf,
  untilRemoved,
  workVolumesOf,
  type Builder,
  type RunningBuilder,
} from '../support/builder.ts';
import { EngineProxy, type RequestPattern } from '../support/proxy.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';

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
async function killBefore(
  builder: Builder,
  base: string,
  about?: (container: string) => RequestPattern,
): Promise<Killed> {
  await using proxy = await EngineProxy.open();
  if (about === undefined) proxy.rules.hold = [{ method: 'POST', path: /\/containers\/[^/]+\/start$/ }];
  const running = builder.start(['app-misc/motto'], { base, socket: proxy.socketPath });
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

/**
 * The one image that a killed builder committed from a base that only it used. The test removes the image at its end. The name alone
 * does not tell it: the container of another build may have the same first digits.
 */
async function committedBy({ builder: id, container }: Killed, base: string, builder: Builder) {
  const [tagged = 'none', ...others] = (await remainsOf(id, base)).images;
  expect(others).toEqual([]);
  const name = givenImageName('podman', tagged).replace(/:latest$/, '');
  builder.removeLater({ image: name });
  expect(`gentoo-${container}`).toContain(name);
  return { name, id: await idOf(name) };
}

async function idOf(image: string): Promise<string> {
  return (await rawDocker().getImage(image).inspect()).Id;
}

function untilNothingIsLeft({ builder, container }: Killed): Promise<void> {
  return untilRemoved(async () => [
    ...((await stateOf(container)) === 'removed' ? [] : [container]),
    ...(await workVolumesOf(builder)),
  ]);
}

describe('a builder that is killed', () => {
  it('between create and start leaves a container that the next run removes', async ({ builder }) => {
    const killed = await killBefore(builder, stage);
    expect(killed.request).toContain(`/containers/${killed.container}/start`);
    expect(['created', 'removed']).toContain(await stateOf(killed.container));
    const next = await builder.run(['app-misc/motto']);
    expect(next).toMatchObject({ status: 0 });
    await untilNothingIsLeft(killed);
  });

  it('between commit and remove leaves an image that the next run returns', async ({ builder }) => {
    const base = await builder.makeImage(stage);
    const remove = (id: string) => ({ method: 'DELETE', path: new RegExp(`/containers/${id}`) });
    const killed = await killBefore(builder, base, remove);
    expect(['exited', 'removed']).toContain(await stateOf(killed.container));
    const image = await committedBy(killed, base, builder);
    const next = await builder.run(motto, { base });
    expect(next).toMatchObject({ status: 0, image: image.name });
    expect(next.stderr).toContain('nothing is built');
    expect(await idOf(image.name)).toBe(image.id);
    await untilNothingIsLeft(killed);
    expect(await builder.runInImage(next.image, 'motto')).not.toBe('');
  });

  it('between commit and the register of images leaves an image that the next run keeps', async ({ builder }) => {
    const base = await builder.makeImage(stage);
    const killed = await killBefore(builder, base, () => ({ method: 'POST', path: /\/volumes\/create/ }));
    expect(['exited', 'removed']).toContain(await stateOf(killed.container));
    const image = await committedBy(killed, base, builder);
    const next = await builder.run(motto, { base });
    expect(next).toMatchObject({ status: 0 });
    // Nothing proves that gentoo-builder made the image: the build is repeated under another name.
    expect(next.image).not.toBe(image.name);
    expect(await idOf(image.name)).toBe(image.id);
    await untilNothingIsLeft(killed);
  });
});
