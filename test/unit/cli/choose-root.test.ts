import { describe, expect, it } from 'vitest';
import { chooseRoot } from '../../../src/cli/zentoo/choose-root.ts';
import { Failure } from '../../../src/failure.ts';
import type { Tuple } from '../../../src/site/site.ts';
import { branch, commits, portageBranch, siteOf, tupleOf } from '../plan/sites.ts';

const plain = tupleOf();
const cpu = { ...plain.cpu, name: 'zen4' };
const muslCpu = { ...plain.cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
const musl = tupleOf({ name: 'm', cpu: muslCpu, portage: portageBranch('musl', commits[2]), cross: true });
const desktop = tupleOf({ name: 'd', portage: portageBranch('desktop', commits[2]) });
const hooked = tupleOf({ name: 'h', buildhooks: branch('hooked', commits[3]) });
const nothing = { name: undefined, cpu: undefined, portage: undefined, buildhooks: undefined };

type Choice = Partial<Parameters<typeof chooseRoot>[1]>;

function choose(choice: Choice, ...tuples: readonly Tuple[]) {
  return chooseRoot(siteOf({ tuples, cpus: [plain.cpu, cpu], stages: [plain.stage] }), { ...nothing, ...choice });
}

/** The message and the hint of the refusal. */
function refusal(choice: Choice, ...tuples: readonly Tuple[]): string {
  try {
    choose(choice, ...tuples);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.code).toBe('usage');
    return `${error.message.replace('failed to choose a root: ', '')} (${error.hint})`;
  }
  throw new Error('it was not refused');
}

describe('the root that is entered', () => {
  it('is the one tuple of a site, or the one that is named', () => {
    expect(choose({}, plain)).toEqual({ type: 'tuple', tuple: plain });
    expect(choose({ name: 'd' }, plain, desktop)).toEqual({ type: 'tuple', tuple: desktop });
  });

  it('is the tuple where a stage has the same name', () => {
    const named = tupleOf({ name: 'ministage' });
    expect(choose({ name: 'ministage' }, plain, named)).toEqual({ type: 'tuple', tuple: named });
  });

  it("is a stage with a cpu, be there a tuple of that or not, and the stage's only branches", () => {
    expect(choose({ name: 'ministage', cpu: 'zen4' }, plain, musl)).toEqual({
      type: 'stage',
      tuple: { ...plain, name: 'zen4-base-plain', cpu },
    });
  });

  it('is a stage that compiles for another CHOST where the tuples of that are cross, with the branches of these', () => {
    const other = { ...muslCpu, name: 'musl-v3' };
    const site = siteOf({ tuples: [plain, musl], cpus: [plain.cpu, muslCpu, other], stages: [plain.stage] });
    expect(chooseRoot(site, { ...nothing, name: 'ministage', cpu: 'musl-v3' })).toEqual({
      type: 'stage',
      tuple: { ...musl, name: 'musl-v3-musl-plain', cpu: other },
    });
  });

  it('has the branches that are named', () => {
    const choice = { name: 'ministage', cpu: 'zen4', portage: 'desktop', buildhooks: 'hooked' };
    const { tuple } = choose(choice, plain, musl, desktop, hooked);
    expect([tuple.portage, tuple.buildhooks, tuple.cross]).toEqual([desktop.portage, hooked.buildhooks, false]);
  });

  it.each<readonly [Choice, readonly Tuple[], string]>([
    [
      {},
      [plain, desktop],
      'no tuple or stage is named; there are: x86-64-base-plain-tools, d, ministage (zentoo freshroot TUPLE)',
    ],
    [
      { cpu: 'zen4' },
      [plain],
      'no tuple or stage is named; there are: x86-64-base-plain-tools, ministage (zentoo freshroot TUPLE)',
    ],
    [
      { name: 'x86-64-bsae-plain-tools' },
      [plain],
      "there is no tuple or stage 'x86-64-bsae-plain-tools'; did you mean 'x86-64-base-plain-tools'? (zentoo list shows all tuples)",
    ],
    [
      { name: 'd', cpu: 'zen4', buildhooks: 'plain' },
      [desktop],
      '--cpu and --buildhooks is for a stage, and d is a tuple, which says it itself (zentoo freshroot --help says how it is called)',
    ],
    [{ name: 'ministage' }, [plain], 'no cpu is named; there are: x86-64, zen4 (add --cpu NAME)'],
    [
      { name: 'ministage', cpu: 'zen' },
      [plain],
      "there is no cpu 'zen'; did you mean 'zen4'? (zentoo freshroot --help says how it is called)",
    ],
    [
      { name: 'ministage', cpu: 'zen4' },
      [plain, desktop],
      'no portage branch is named; there are: base, desktop (add --portage NAME)',
    ],
    [
      { name: 'ministage', cpu: 'zen4' },
      [plain, hooked],
      'no buildhooks branch is named; there are: plain, hooked (add --buildhooks NAME)',
    ],
    [
      { name: 'ministage', cpu: 'zen4' },
      [],
      'no tuple starts from the stage ministage, and so no portage branch is known for it (zentoo freshroot --help says how it is called)',
    ],
  ])('is refused: %j', (choice, tuples, message) => {
    expect(refusal(choice, ...tuples)).toBe(message);
  });
});
