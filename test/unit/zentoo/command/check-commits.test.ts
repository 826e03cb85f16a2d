import { describe, expect, it } from 'vitest';
import type { Commit, Tuple } from '../../../../src/site/site.ts';
import { checkCommits } from '../../../../src/zentoo/command/check-commits.ts';
import { commits } from '../../plan/sites.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');

/** A commit whose history has these commits; undefined stands for a history that is not complete. */
const commitWith = (commit: string, history: readonly string[] | undefined): Commit => ({
  commit,
  contains: (sought) => (sought === commit ? true : history?.includes(sought)),
});

/** Builds the tuple, and checks a later state of it. */
async function check(changes: { portage?: Commit; head?: readonly [Commit, Commit]; outputs?: Tuple['outputs'] }) {
  const world = new SiteBuildWorld([tools]);
  await world.build(world.siteRun({ head: changes.head?.[0] }));
  const tuple = {
    ...tools,
    outputs: changes.outputs ?? tools.outputs,
    portage: { ...tools.portage, ...changes.portage },
  };
  const images = new Map(
    (await world.engine.imagesWithLabel('zentoo.site=net')).map((image) => [imageOf(tools), image]),
  );
  await checkCommits({ ...world.siteRun({ head: changes.head?.[1] }), images }, [tuple]);
  return world.messages('warning').filter((text) => text.includes('history'));
}

describe('a build moves an image', () => {
  const [, , last, next] = commits;

  it('forward: the commits contain those of the last build', async () => {
    expect(await check({})).toEqual([]);
    expect(await check({ portage: commitWith(next, [tools.portage.commit]) })).toEqual([]);
    expect(await check({ head: [commitWith(last, []), commitWith(next, [last])] })).toEqual([]);
  });

  it('not from a commit of a branch that does not contain the last one', async () => {
    await expect(check({ portage: commitWith(next, []) })).rejects.toMatchObject({
      all: [
        {
          code: 'commit-behind',
          exitStatus: 23,
          message: `failed to move the image ${imageOf(tools)}: the commit ${next.slice(0, 10)} of the branch base of config/portage does not contain ${tools.portage.commit.slice(0, 10)}, which it was built from last`,
          hint: 'update this clone (git pull --recurse-submodules), or build all the same: zentoo build --force',
        },
      ],
    });
  });

  it("not from a commit of the site's repository that does not contain the last one", async () => {
    await expect(check({ head: [commitWith(last, []), commitWith(next, [])] })).rejects.toMatchObject({
      all: [{ code: 'commit-behind', message: expect.stringContaining("of the site's repository does not contain") }],
    });
  });

  it('with a warning if the history is not complete', async () => {
    expect(await check({ portage: commitWith(next, undefined) })).toEqual([
      'the history of the branch base of config/portage is not complete: zentoo cannot tell whether it contains the commit of the last build',
    ]);
  });

  it('only if the tuple has an image', async () => {
    expect(await check({ portage: commitWith(next, []), outputs: ['archive'] })).toEqual([]);
  });
});
