import { describe, expect, it } from 'vitest';
import type { Tuple } from '../../../../src/site/site.ts';
import { parsePartition } from '../../../../src/store/partition.ts';
import { optimizeStage } from '../../../../src/zentoo/buildmaster/optimize-stage.ts';
import { withRootContainer } from '../../../../src/zentoo/root/with-root-container.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const toolchain = ['sys-libs/glibc', 'sys-devel/binutils', 'sys-devel/gcc'];

/** Optimizes a stage in which Portage answers about its tool chain; returns the notes, and whether Portage was asked. */
async function optimize(changes: Partial<Tuple>, answer: { readonly stdout?: string; readonly stderr?: string } = {}) {
  using world = new SiteWorld();
  const play = world.engine.onExec;
  let isAsked = false;
  world.engine.onExec = (container, request, streams) => {
    if (request.command.at(-1)?.startsWith('"""toolchain: ') !== true) return play(container, request, streams);
    isAsked = true;
    return answer;
  };
  const work = world.workOf(tupleWithTree(changes));
  const { tuple, stage: base } = work;
  const partition = parsePartition('x86_64-pc-linux-gnu/plain/default-v2-0123456789ab');
  if (partition === undefined) throw new Error('no partition');
  const prepared = { partition, observable: false, measuresSpace: false, work, share: { processes: 1, load: 1 } };
  const request = { base, portage: tuple.portage, subject: 'test', step: 'buildmaster', store: 'staged' } as const;
  await withRootContainer(world.run(), request, (session, packages) =>
    optimizeStage(session, { ...prepared, packages }),
  );
  return { notes: world.messages('note'), isAsked };
}

const stageWith = (value: Tuple['stage']['optimize']): Pick<Tuple, 'stage'> => ({
  stage: { ...tupleWithTree().stage, optimize: value },
});

describe('optimizing a stage', () => {
  it('asks nothing if the stage is not to be optimized', async () => {
    expect(await optimize(stageWith('none'))).toMatchObject({ isAsked: false });
  });

  it('compiles nothing if Portage builds no package of the tool chain, and says so', async () => {
    const { notes } = await optimize(stageWith('toolchain'), {
      stdout: JSON.stringify({ own: [], others: toolchain }),
    });
    expect(notes).toContain(
      `optimize: toolchain leaves ${toolchain.join(', ')} of gentoo-ministage unchanged, because Portage does not build them`,
    );
  });

  it('leaves a cross compiler alone, and says so', async () => {
    const { notes, isAsked } = await optimize({ ...stageWith('toolchain'), cross: true });
    expect(isAsked).toBe(false);
    expect(notes).toContain(
      'optimize: toolchain leaves the cross compiler of gentoo-ministage unchanged, because Portage does not build it',
    );
  });

  it.each([
    ['without an answer', { stderr: 'Traceback\nKeyError\n' }, 'KeyError'],
    [
      'with an answer that names no packages',
      { stdout: '{"own":["--version"],"others":[]}' },
      'Portage printed no answer',
    ],
  ])('fails %s', async (_name, answer, why) => {
    await expect(optimize(stageWith('toolchain'), answer)).rejects.toMatchObject({
      code: 'package-unsatisfiable',
      message: `failed to find the tool chain of gentoo-ministage: ${why}`,
      hint: 'run `emerge --info` in a container of the stage',
      logTail: 'stderr' in answer ? ['Traceback', 'KeyError'] : [],
    });
  });
});
