import { expect, it } from 'vitest';
import { explainRefusal } from '../../../src/container/refusal-failure.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';

it("a refusal of the engine becomes a failure with the step and the engine's words", async () => {
  const refusal = new EngineRefusal(500, 'the disk is on fire');
  const expected = { code: 'engine-refused', hint: "read the engine's log on its machine", cause: refusal };
  await expect(explainRefusal(Promise.reject(refusal), 'list')).rejects.toMatchObject({
    ...expected,
    message: 'failed to list: the engine says: the disk is on fire',
  });
  await expect(explainRefusal(Promise.reject(refusal))).rejects.toMatchObject({
    ...expected,
    message: 'failed to build: the engine says: the disk is on fire',
  });
});

it('every other error, and a result, are passed on', async () => {
  const error = new TypeError('x');
  await expect(explainRefusal(Promise.reject(error), 'list')).rejects.toBe(error);
  await expect(explainRefusal(Promise.resolve(7), 'list')).resolves.toBe(7);
});
