import { expect, test } from 'vitest';

import { engineThat } from './engine-that.ts';

test('a connection that is cut is no sign of life, and neither is a ping without an answer', async () => {
  const engine = await engineThat((request) => void request.socket.destroy());
  const heard = engine.lastHeard();
  await expect(engine.createVolume('none', {})).rejects.toMatchObject({ code: 'engine-lost' });
  expect(engine.lastHeard()).toBe(heard);
  expect(await engine.isAnswering(AbortSignal.abort())).toBe(false);
  expect(engine.lastHeard()).toBe(heard);
});
