import type { BuildmasterPlan, PackagePlan, SitePlan, TuplePlan } from '../../../src/plan/plan.ts';
import { tupleOf } from './sites.ts';

const buildmaster: BuildmasterPlan = {
  ...{ name: 'x86-64-base', stage: 'ministage', action: 'make', image: 'zentoo/net/buildmaster:x86-64-base-12345678' },
  why: ['there is no buildmaster yet'],
};

const place = { slot: '0', repository: 'gentoo', use: '', from: undefined };

const packages: readonly PackagePlan[] = [
  { ...place, action: 'installed-by-stage', cpv: 'sys-apps/yesno-1.0', why: 'as the stage has it' },
  {
    ...place,
    action: 'compile',
    cpv: 'dev-libs/greeting-2.0',
    slot: '0/2',
    why: 'new; no binary package in the store',
    use: '+shout -static-libs',
  },
  {
    ...place,
    action: 'reuse',
    cpv: 'app-misc/greet-1.0',
    why: 'new; build 2 in the store',
    from: 'app-misc/greet-1.0-2',
  },
];

export function tuplePlan(changes: Partial<TuplePlan> & { readonly name?: string } = {}): TuplePlan {
  const { name = 'x86-64-base-plain-tools', ...rest } = changes;
  return {
    tuple: tupleOf({ name }),
    upToDate: false,
    why: ['there is no image yet'],
    buildmaster,
    partition: 'x86_64-pc-linux-gnu/x86-64/ministage-0123456789ab',
    packages,
    notes: [],
    unforeseen: [],
    failure: undefined,
    outputs: [
      { output: 'image', name: `zentoo/net/${name}:latest`, action: 'make', why: 'there is none' },
      { output: 'archive', name: `output/${name}.tar.zst`, action: 'make', why: 'there is none' },
    ],
    ...rest,
  };
}

export function upToDate(name: string): TuplePlan {
  const kept = { ...buildmaster, action: 'reuse', why: [] } as const;
  return tuplePlan({ name, upToDate: true, why: [], packages: [], outputs: [], buildmaster: kept });
}

export function sitePlan(tuples: readonly TuplePlan[], changes: Partial<SitePlan> = {}): SitePlan {
  return {
    site: 'net',
    trees: [{ repository: 'gentoo', revision: 'c'.repeat(40), locked: 'c'.repeat(40) }],
    buildmasters: tuples
      .map((planned) => planned.buildmaster)
      .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index),
    tuples,
    graph: [],
    blocked: [],
    warnings: [],
    ...changes,
  };
}
