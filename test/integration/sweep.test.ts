import { afterAll, beforeAll, expect, it } from 'vitest';
import { gone } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import sweep from '../support/sweep.ts';
import { uniqueName } from '../support/unique-name.ts';

const docker = rawDocker();
const own = uniqueName('swept');
// No process has this id: the kernel's limit is lower.
const left = own.replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);

beforeAll(async () => {
  for (const name of [left, own]) {
    await docker.createVolume({ Name: name });
    await docker.getImage(stage).tag({ repo: name });
    await docker.createContainer({ name, Image: stage });
  }
});
afterAll(async () => {
  for (const name of [left, own]) {
    await gone(docker.getContainer(name).remove());
    await gone(docker.getImage(name).remove());
    await gone(docker.getVolume(name).remove());
  }
});

/** The kinds of objects that have this name. */
async function findKinds(name: string): Promise<readonly string[]> {
  const objects = {
    container: docker.getContainer(name).inspect(),
    image: docker.getImage(name).inspect(),
    volume: docker.getVolume(name).inspect(),
  };
  const found = Object.entries(objects).map(([kind, inspection]) =>
    inspection.then(
      () => [kind],
      () => [],
    ),
  );
  return (await Promise.all(found)).flat();
}

it('case 6.1: a run of the tests removes what an interrupted run left, and nothing of a run that goes on', async () => {
  await sweep();
  expect(await findKinds(left)).toEqual([]);
  expect(await findKinds(own)).toEqual(['container', 'image', 'volume']);
});
