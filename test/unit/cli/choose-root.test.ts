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

  it('is the tuple if a stage has the same name', () => {
    const named = tupleOf({ name: 'ministage' });
    expect(choose({ name: 'ministage' }, plain, named)).toEqual({ type: 'tuple', tuple: named });
  });

  it("is a stage with a CPU and the stage's only branches, even if no tuple has that CPU", () => {
    expect(choose({ name: 'ministage', cpu: 'zen4' }, plain, musl)).toEqual({
      type: 'stage',
      tuple: { ...plain, name: 'zen4-base-plain', cpu },
    });
  });

  it('is a stage that compiles for another CHOST, with the branches of its cross tuples, if the CPU has that CHOST', () => {
    const other = { ...muslCpu, name: 'musl-v3' };
    const site = siteOf({ tuples: [plain, musl], cpus: [plain.cpu, muslCpu, other], stages: [plain.stage] });
    expect(chooseRoot(site, { ...nothing, name: 'ministage', cpu: 'musl-v3' })).toEqual({
      type: 'stage',
      tuple: { ...musl, name: 'musl-v3-musl-plain', cpu: other },
    });
  });

  it("is a stage with a CPU of a CHOST that no tuple has, and the branch of the stage's own tuples", () => {
    const other = { ...muslCpu, name: 'arm', chost: 'aarch64-unknown-linux-gnu' };
    const site = siteOf({ tuples: [plain, musl], cpus: [plain.cpu, muslCpu, other], stages: [plain.stage] });
    expect(chooseRoot(site, { ...nothing, name: 'ministage', cpu: 'arm' })).toMatchObject({
      tuple: { name: 'arm-base-plain', cross: false },
    });
  });

  it("is a stage with the branches of its own tuples, not of another stage's", () => {
    const otherStage = { ...plain.stage, name: 'other' };
    const foreign = tupleOf({ name: 'f', stage: otherStage, portage: portageBranch('foreign', commits[2]) });
    const site = siteOf({ tuples: [plain, foreign], cpus: [plain.cpu], stages: [plain.stage, otherStage] });
    expect(chooseRoot(site, { ...nothing, name: 'ministage' })).toMatchObject({ tuple: { portage: plain.portage } });
    expect(chooseRoot(site, { ...nothing, name: 'other' })).toMatchObject({
      tuple: { name: 'x86-64-foreign-plain', stage: otherStage },
    });
  });

  it('is a stage with the buildhooks branch that goes with the portage branch', () => {
    const site = [plain, tupleOf({ name: 'd', portage: desktop.portage, buildhooks: hooked.buildhooks })];
    const { tuple } = choose({ name: 'ministage', cpu: 'zen4', portage: 'desktop' }, ...site);
    expect(tuple.buildhooks).toEqual(hooked.buildhooks);
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
      'several roots are possible: x86-64-base-plain-tools, d, ministage (name one of them: zentoo freshroot TUPLE)',
    ],
    [
      { cpu: 'zen4' },
      [plain],
      'several roots are possible: x86-64-base-plain-tools, ministage (name one of them: zentoo freshroot TUPLE)',
    ],
    [
      { name: 'x86-64-bsae-plain-tools' },
      [plain],
      "there is no tuple or stage 'x86-64-bsae-plain-tools'; did you mean 'x86-64-base-plain-tools'? (run zentoo list to list the tuples)",
    ],
    [
      { name: 'd', cpu: 'zen4', buildhooks: 'plain' },
      [desktop],
      'd is a tuple, which determines cpu and buildhooks itself (omit --cpu and --buildhooks, or name a stage)',
    ],
    [{ name: 'ministage' }, [plain], 'several cpus are possible: x86-64, zen4 (add --cpu NAME)'],
    [
      { name: 'ministage', cpu: 'zen' },
      [plain],
      "there is no cpu 'zen'; did you mean 'zen4'? (run zentoo freshroot --help)",
    ],
    [
      { name: 'ministage', cpu: 'zen4' },
      [plain, desktop],
      'several portage branches are possible: base, desktop (add --portage NAME)',
    ],
    [
      { name: 'ministage', cpu: 'zen4' },
      [plain, hooked],
      'several buildhooks branches are possible: plain, hooked (add --buildhooks NAME)',
    ],
    [
      { name: 'ministage', cpu: 'zen4' },
      [],
      'the site has no tuple of the stage ministage, so the portage branch is unknown (add a tuple with a portage branch of the stage ministage)',
    ],
  ])('is refused: %j', (choice, tuples, message) => {
    expect(refusal(choice, ...tuples)).toBe(message);
  });
});
