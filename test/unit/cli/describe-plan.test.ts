import { describe, expect, test } from 'vitest';
import { formatPlan } from '../../../src/cli/zentoo/describe-plan.ts';
import { Failure } from '../../../src/failure.ts';
import { sitePlan, tuplePlan, upToDate } from '../plan/plans.ts';

const asText = (...tuples: Parameters<typeof sitePlan>[0]) =>
  formatPlan(sitePlan(tuples), { json: false, graph: undefined }).split('\n');

describe('for people', () => {
  test('a block for each tuple, a line for those that are up to date', () => {
    const lines = asText(
      upToDate('a'),
      upToDate('b'),
      tuplePlan({ notes: ['* a note'], unforeseen: ['the hook compile'] }),
      upToDate('c'),
    );
    expect(lines).toEqual([
      'a: up to date',
      'b: up to date',
      '',
      'x86-64-base-plain-tools: build (there is no image yet)',
      '  buildmaster x86-64-base: make (there is no buildmaster yet)',
      '  keep     sys-apps/yesno-1.0                              as the stage has it',
      '  compile  dev-libs/greeting-2.0:0/2  +shout -static-libs  new; no binary package in the store',
      '  reuse    app-misc/greet-1.0-2                            new; build 2 in the store',
      '  image zentoo/net/x86-64-base-plain-tools:latest: make, there is none',
      '  archive output/x86-64-base-plain-tools.tar.zst: make, there is none',
      '  portage: * a note',
      '  not in this plan: the hook compile',
      '',
      'c: up to date',
      '',
      expect.stringMatching(/^emerge has the configured FEATURES, changed by -merge-sync -merge-wait /),
      '1 of 4 tuples to build, 1 package to compile, 1 from the store',
      '',
    ]);
  });

  test('case 3.9: escape sequences in what ebuilds say do not reach the terminal', () => {
    const failure = new Failure('package-unsatisfiable', 'x: a/b is masked\u202E', { hint: 'read \u009B31mthis' });
    const text = formatPlan(
      sitePlan([tuplePlan({ notes: ['\u001B]0;owned\u0007\u001B[2Jred'] }), tuplePlan({ failure })]),
      {
        json: false,
        graph: undefined,
      },
    );
    expect(text).toMatch(/^ {2}portage: red$/m);
    expect(text).toContain('a/b is masked<U+202E>');
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
  });

  test('a tuple that cannot be built has the reason and a hint', () => {
    const name = 'x86-64-base-plain-tools';
    const failure = new Failure('package-unsatisfiable', `${name}: failed to emerge a/b: masked`, {
      hint: 'write\n  x',
    });
    expect(asText(tuplePlan({ failure, packages: [] }))).toEqual([
      `${name}: cannot be built: failed to emerge a/b: masked`,
      '  write',
      '    x',
      '',
      '0 of 1 tuple to build, 1 cannot be built, 0 packages to compile, 0 from the store',
      '',
    ]);
  });

  test('a tuple that needs hopeless packages has them, each with the reason', () => {
    const name = 'x86-64-base-plain-tools';
    const failure = new Failure('build-failed', `${name}: failed to emerge a/b-1: it failed twice`, { hint: 'retry' });
    const item = { slot: '0', repository: 'gentoo', use: '', from: undefined };
    const packages = [
      { ...item, action: 'compile', cpv: 'a/a-1', why: 'new' },
      { ...item, action: 'fail', cpv: 'a/b-1', why: 'it failed twice' },
      { ...item, action: 'fail', cpv: 'a/c-1', why: 'it needs a/b-1' },
    ] as const;
    expect(asText(tuplePlan({ failure, packages })).slice(0, 4)).toEqual([
      `${name}: cannot be built: failed to emerge a/b-1: it failed twice`,
      '  retry',
      '  fail  a/b-1    it failed twice',
      '  fail  a/c-1    it needs a/b-1',
    ]);
  });

  test('a buildmaster that exists is reused', () => {
    const { buildmaster } = upToDate('a');
    expect(asText(tuplePlan({ buildmaster }))).toContain('  buildmaster x86-64-base: reuse');
  });

  test('no tuples', () => {
    expect(asText()).toEqual(['the site net has no tuples', '']);
  });
});

test('for programs: one object, in which unknown values are null', () => {
  const failure = new Failure('package-unsatisfiable', 'no');
  const plan = sitePlan([tuplePlan(), tuplePlan({ name: 'b', failure, partition: undefined }), upToDate('c')], {
    trees: [{ repository: 'gentoo', revision: undefined, locked: undefined }],
    warnings: [{ message: 'm', hint: 'h' }],
  });
  const printed = formatPlan(plan, { json: true, graph: undefined });
  expect(printed.match(/\n/g)).toHaveLength(1);
  const read = JSON.parse(printed) as { tuples: { action: string }[] };
  expect(read.tuples.map(({ action }) => action)).toEqual(['build', 'fail', 'none']);
  expect(read).toMatchObject({
    site: 'net',
    trees: [{ repository: 'gentoo', revision: null, locked: null }],
    buildmasters: [{ name: 'x86-64-base', stage: 'ministage', action: 'make', why: ['there is no buildmaster yet'] }],
    warnings: [{ message: 'm', hint: 'h' }],
  });
  expect(read.tuples[0]).toMatchObject({
    tuple: 'x86-64-base-plain-tools',
    portage: { branch: 'base', commit: 'a'.repeat(40) },
    set: 'tools',
    buildmaster: 'x86-64-base',
    outputs: [{ output: 'image', action: 'make' }, { output: 'archive' }],
    failure: null,
  });
  expect(read.tuples[1]).toMatchObject({ partition: null, failure: { code: 'package-unsatisfiable', hint: null } });
});

test('a plan is a graph with --graph, even if --json is given', () => {
  expect(formatPlan(sitePlan([]), { json: true, graph: 'dot' })).toMatch(/^digraph "net" \{\n/);
  expect(formatPlan(sitePlan([]), { json: true, graph: 'mermaid' })).toMatch(/^flowchart LR\n/);
});
