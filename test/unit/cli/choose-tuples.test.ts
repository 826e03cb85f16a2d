import { describe, expect, it } from 'vitest';
import { chooseTuples } from '../../../src/cli/zentoo/choose-tuples.ts';
import { failuresOf } from '../../../src/failure.ts';
import { siteOf, tupleOf } from '../plan/sites.ts';

const tuples = ['base-tools', 'base-web', 'musl-tools'].map((name) => tupleOf({ name }));
const site = siteOf({ tuples });
const choose = (...names: readonly string[]) => chooseTuples(site, names).map(({ name }) => name);

describe('the tuples of a command', () => {
  it('are all tuples if none is named', () => {
    expect(choose()).toEqual(['base-tools', 'base-web', 'musl-tools']);
  });

  it("are the named ones, each once, in the site's order", () => {
    expect(choose('musl-tools', 'base-tools', 'musl-tools')).toEqual(['base-tools', 'musl-tools']);
  });

  it('are refused with a failure for each unknown name', () => {
    let failures: readonly unknown[] = [];
    try {
      choose('base-tolls', 'base-web', 'x\u0007');
    } catch (error) {
      failures = failuresOf(error);
    }
    expect(failures).toMatchObject([
      {
        code: 'usage',
        message:
          "failed to find the tuple 'base-tolls': the site has no tuple of this name; did you mean 'base-tools'?",
        hint: 'run zentoo list to list the tuples',
      },
      { code: 'usage', message: "failed to find the tuple 'x\\u0007': the site has no tuple of this name" },
    ]);
  });
});
