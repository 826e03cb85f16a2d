import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainRefusal } from '../../../../src/container/refusal-failure.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { failuresOf, type Failure } from '../../../../src/failure.ts';
import type { SitePlan } from '../../../../src/plan/plan.ts';
import { planSite } from '../../../../src/zentoo/command/plan-site.ts';
import type { EngineMethod } from '../../../support/fake-engine/fake-engine-faults.ts';
import { fakeTime, passTime, restoreTime } from '../../../support/fake-time.ts';
import { interruption, nothing } from '../../builder/build-world.ts';
import { packageSet } from '../../plan/sites.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const tuple = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });

/** A plan from nothing, or its error; refusals of the engine are failures, as every command makes them. */
function outcomeOf(world: SiteBuildWorld): Promise<unknown> {
  return passTime(explainRefusal(planSite(world.siteRun(), 'net')).catch((error: unknown) => error));
}

/** The failures of a plan. A defect, which is any other error, has none. */
function failuresIn(outcome: unknown): readonly Failure[] {
  if (outcome instanceof Error) return failuresOf(outcome);
  return (outcome as SitePlan).tuples.flatMap(({ failure }) => failure ?? []);
}

type Call = readonly [method: EngineMethod, nth: number];

/** The calls of a plan that succeeds, and the one that follows its emerge. */
async function recordCalls(): Promise<{ readonly calls: readonly Call[]; readonly follower: Call }> {
  fakeTime();
  using world = new SiteBuildWorld([tuple]);
  const found: Call[] = [];
  world.onCall = (method, nth) => found.push([method, nth]);
  await outcomeOf(world);
  restoreTime();
  const attached = world.sitePortage.ran.filter(({ name }) => !name.startsWith('emerge-'));
  const nth = attached.findIndex(({ name }) => name === 'follow') + 1;
  return { calls: found, follower: ['execAttached', nth] };
}

const { calls, follower } = await recordCalls();
const isFollower = ([method, nth]: Call): boolean => method === follower[0] && nth === follower[1];

describe('a plan for which the engine refuses a call', () => {
  it.each(calls.filter((call) => !isFollower(call)))(
    'fails, leaves nothing and says why: %s, call %i',
    async (method, nth) => {
      using world = new SiteBuildWorld([tuple]);
      world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
      expect(failuresIn(await outcomeOf(world)).map(({ message }) => message)).toEqual([
        expect.stringContaining('the engine is ill'),
      ]);
      expect(world.left).toEqual(nothing);
    },
  );

  it('goes on if it can follow its emerge over another connection', async () => {
    using world = new SiteBuildWorld([tuple]);
    const [method, nth] = follower;
    world.engine.fault({ method, nth, error: new EngineRefusal(500, 'the engine is ill') });
    expect(await outcomeOf(world)).toMatchObject({ tuples: [{ packages: [{ cpv: 'dev-libs/lib-2' }] }] });
  });
});

describe('a plan that is aborted', () => {
  const answered = calls.findIndex(isFollower) + 1;

  it.each(calls.slice(0, answered))('gives the reason and leaves nothing: %s, call %i', async (method, nth) => {
    using world = new SiteBuildWorld([tuple]);
    world.onCall = (called, count) => {
      if (called === method && count === nth) world.aborter.abort(interruption);
    };
    expect(await outcomeOf(world)).toBe(interruption);
    expect(world.left).toEqual(nothing);
  });
});
