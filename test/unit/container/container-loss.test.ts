import { describe, expect, it } from 'vitest';
import { findContainerLoss } from '../../../src/container/container-loss.ts';
import type { Container } from '../../../src/engine/containers.ts';

function container(changes: Partial<Container>): Container {
  return { state: 'exited', exitCode: 0, oomKilled: false, ...changes } as Container;
}

describe('the loss of a build container', () => {
  it.each(['running', 'paused'] as const)('is none while the container is %s', (state) => {
    expect(findContainerLoss(container({ state }), 'build')).toBeUndefined();
    expect(findContainerLoss(container({ state, oomKilled: true }), 'build')).toBeUndefined();
  });

  it.each<[Container | undefined, string, string]>([
    [undefined, 'container-lost', 'somebody removed it'],
    [container({ state: 'removing' }), 'container-lost', 'somebody removed it'],
    [
      container({ state: 'exited', exitCode: 143 }),
      'container-lost',
      'it is exited (exit status 143): somebody stopped it, or the engine was restarted',
    ],
    [
      container({ state: 'exited', exitCode: 137, oomKilled: true }),
      'out-of-memory',
      'the kernel killed it because memory was short',
    ],
  ])('of %o is %s: %s', (found, code, how) => {
    expect(findContainerLoss(found, 'emerge')).toMatchObject({
      code,
      message: `failed to emerge: the build container is gone: ${how}`,
      hint: 'nothing was committed; run the same command again',
    });
  });
});
