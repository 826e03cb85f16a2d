import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { describePlanForPrograms } from '../../../src/plan/plan-json.ts';
import { taskLabel } from '../../../src/plan/task-label.ts';
import { throwawayFeatures } from '../../../src/portage/throwaway-features.ts';
import { sitePlan, tuplePlan, upToDate } from './plans.ts';
import { commits, portageBranch, siteOf, tupleOf } from './sites.ts';

const written = (...args: Parameters<typeof sitePlan>): unknown =>
  JSON.parse(JSON.stringify(describePlanForPrograms(sitePlan(...args))));

describe('the JSON of a plan', () => {
  test('has the site, its trees, buildmasters, features and warnings', () => {
    const warnings = [
      { message: 'there is uncommitted work', hint: 'commit it' },
      { message: 'it cannot be read', hint: undefined },
    ];
    const trees = [
      { repository: 'gentoo', revision: commits[0], locked: commits[1] },
      { repository: 'lab', revision: undefined, locked: undefined },
    ];
    expect(written([tuplePlan()], { trees, warnings })).toEqual({
      site: 'net',
      trees: [
        { repository: 'gentoo', revision: commits[0], locked: commits[1] },
        { repository: 'lab', revision: null, locked: null },
      ],
      buildmasters: [
        {
          name: 'x86-64-base',
          stage: 'ministage',
          action: 'make',
          why: ['there is no buildmaster yet'],
          image: 'zentoo/net/buildmaster:x86-64-base-12345678',
        },
      ],
      tuples: [expect.objectContaining({ tuple: 'x86-64-base-plain-tools' })],
      features: throwawayFeatures,
      warnings: [{ message: 'there is uncommitted work', hint: 'commit it' }, { message: 'it cannot be read' }],
    });
  });

  test('has each tuple with its packages and outputs; an unknown value is null', () => {
    const failure = new Failure('package-unsatisfiable', 'no', { hint: 'say yes' });
    const planned = tuplePlan({ partition: undefined, notes: ['a note'], unforeseen: ['a hook'], failure });
    expect(written([planned])).toMatchObject({
      tuples: [
        {
          tuple: 'x86-64-base-plain-tools',
          action: 'fail',
          why: ['there is no image yet'],
          cpu: 'x86-64',
          portage: { branch: 'base', commit: commits[0] },
          buildhooks: { branch: 'plain', commit: commits[1] },
          set: 'tools',
          stage: 'ministage',
          cross: false,
          buildmaster: 'x86-64-base',
          partition: null,
          packages: [
            { action: 'installed-by-stage', cpv: 'sys-apps/yesno-1.0', slot: '0', repository: 'gentoo', from: null },
            {
              action: 'compile',
              cpv: 'dev-libs/greeting-2.0',
              slot: '0/2',
              why: 'new; no binary package in the store',
              use: '+shout -static-libs',
              from: null,
            },
            { action: 'reuse', cpv: 'app-misc/greet-1.0', from: 'app-misc/greet-1.0-2' },
          ],
          outputs: [
            {
              output: 'image',
              name: 'zentoo/net/x86-64-base-plain-tools:latest',
              action: 'make',
              why: 'there is none',
            },
            { output: 'archive', name: 'output/x86-64-base-plain-tools.tar.zst', action: 'make', why: 'there is none' },
          ],
          notes: ['a note'],
          unforeseen: ['a hook'],
          failure: { code: 'package-unsatisfiable', message: 'no', hint: 'say yes' },
        },
      ],
    });
  });

  test('says whether a tuple is built, fails, or stays as it is', () => {
    const failure = new Failure('package-unsatisfiable', 'no');
    const partition = 'x86_64-pc-linux-gnu/x86-64/ministage-0123456789ab';
    expect(written([tuplePlan({ name: 'a' }), upToDate('b'), tuplePlan({ name: 'c', failure })])).toMatchObject({
      tuples: [
        { tuple: 'a', action: 'build', partition, failure: null },
        { tuple: 'b', action: 'none', failure: null },
        { tuple: 'c', action: 'fail', failure: { hint: null } },
      ],
    });
  });
});

test('the task of an order has the name of its buildmaster, its tuple, or the package that it compiles', () => {
  const tuple = 'x86-64-base-plain-tools';
  const other = tupleOf({ name: 'other', portage: portageBranch('wide', commits[2]) });
  const site = siteOf({ tuples: [other, tupleOf()] });
  const buildmaster = 'zentoo/net/buildmaster:x86-64-base-12345678';
  const item = { cpv: 'app-misc/greet-1.0', slot: '0', repository: 'gentoo', root: '/' };
  const abilities = { observable: true, measuresSpace: true };
  const packages = { packages: [item], dependencies: [], partition: 'p', inputs: 'i', abilities };
  expect(taskLabel({ kind: 'buildmaster', tuple, buildmaster }, site)).toBe(buildmaster);
  expect(taskLabel({ kind: 'resolve', tuples: [tuple, 'other'], buildmaster }, site)).toBe(tuple);
  expect(taskLabel({ kind: 'packages', tuple, buildmaster, ...packages }, site)).toBe('x86-64-base:app-misc/greet-1.0');
  expect(taskLabel({ kind: 'assemble', tuple, buildmaster, fingerprint: '0', outputs: [] }, site)).toBe(tuple);
});
