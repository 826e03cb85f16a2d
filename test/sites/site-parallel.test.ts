import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  faultsConf,
  makeTrees,
  siteYaml,
  ZentooSite,
  type BuildOutcome,
  type SharedTrees,
} from '../support/zentoo-site.ts';

/** Twelve sets that overlap. */
const sets = {
  a: 'app-misc/greet',
  b: 'app-misc/greet app-misc/motto',
  c: 'app-misc/motto',
  d: 'app-misc/timepiece:1',
  e: 'app-misc/timepiece:2 app-misc/greet',
  f: 'app-misc/timepiece:1 app-misc/timepiece:2',
  g: 'dev-libs/greeting',
  h: 'virtual/greeter app-misc/motto',
  i: 'app-misc/timepiece:2',
  j: 'app-misc/motto test-fault/half-done',
  k: 'test-fault/half-done',
  l: 'app-misc/greet app-misc/motto app-misc/timepiece:1 app-misc/timepiece:2 virtual/greeter',
} as const;

/** All packages of the sets and of @system. */
const distinct = [
  'app-misc/greet-1.0',
  'app-misc/motto-1.1',
  'app-misc/timepiece-1.1',
  'app-misc/timepiece-2.0',
  'dev-libs/greeting-2.0',
  'sys-apps/stage-info-1.0',
  'sys-apps/yesno-1.0',
  'virtual/greeter-1',
];

describe('zentoo build of twelve tuples whose sets overlap', () => {
  const site = new ZentooSite('parallel');
  let trees: SharedTrees & AsyncDisposable;
  let built: BuildOutcome;

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, trees));
    site.write(
      'config/tuples',
      Object.keys(sets)
        .map((set) => `plain-base-plain-${set}`)
        .join('\n'),
    );
    for (const [set, atoms] of Object.entries(sets)) site.write(`config/sets/${set}`, atoms.replaceAll(' ', '\n'));
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
    built = await site.build(['--jobs', '3']);
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  const compilations = () => (built.stderr.match(/(?<=>>> Emerging \(\d+ of \d+\) )\S+(?=::)/g) ?? []).toSorted();

  it('compiles each package once for all tuples, a failing package too', () => {
    expect(compilations(), built.stderr).toEqual([...distinct, 'test-fault/half-done-1'].toSorted());
  });

  it('has each package in the store once', async () => {
    const listed = await site.inStore('cd /var/cache/binpkgs/*/plain/*/ && grep -h ^CPV: Packages');
    expect(listed.trim().split('\n').toSorted()).toEqual(distinct.map((cpv) => `CPV: ${cpv}`));
  });

  it('fails only the tuples that need the failed package, and reports the failure once', () => {
    const failed = [...built.tuples.values()].filter(({ type }) => type === 'failed').map(({ name }) => name);
    expect(failed).toEqual(['plain-base-plain-j', 'plain-base-plain-k']);
    expect(built.status).toBe(31);
    const names = 'plain-base-plain-j, plain-base-plain-k';
    const said = `zentoo: ${names}: failed to emerge test-fault/half-done-1`;
    expect(built.stderr.split(said)).toHaveLength(2);
  });

  it('works in several containers at the same time', () => {
    const steps = built.stderr.match(/^\S+: \w+ (?:.*\.\.\.$|done in|failed after)/gm) ?? [];
    let [atWork, most] = [0, 0];
    for (const step of steps) {
      atWork += step.endsWith('...') ? 1 : -1;
      most = Math.max(most, atWork);
    }
    expect([most, atWork]).toEqual([3, 0]);
  });

  it('installs the packages of its set in each root', async () => {
    const { merged, compiled } = built.tuples.get('plain-base-plain-e') ?? {};
    const own = [
      'app-misc/greet-1.0',
      'app-misc/timepiece-2.0',
      'dev-libs/greeting-2.0',
      'sys-apps/stage-info-1.0',
      'sys-apps/yesno-1.0',
    ];
    expect([merged, compiled]).toEqual([own, own]);
    const again = await site.build();
    expect([...again.tuples.values()].filter(({ type }) => type === 'unchanged')).toHaveLength(10);
  });
});
