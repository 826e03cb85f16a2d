import { describe, expect, it } from 'vitest';
import { compilationInputs } from '../../../src/plan/compilation-inputs.ts';
import { commits, portageBranch } from './sites.ts';

const item = (cpv: string) => ({ cpv, slot: '0', repository: 'gentoo', root: '/' });
const group = { inputs: 'i', packages: [item('app-misc/bad-1.0-r1'), item('dev-libs/lib-2')] };
const inputs = { pipeline: '1', 'stage/id': 'sha256:1', 'tree/gentoo': 'x' };

/** The inputs of the group with this branch, these inputs of the tuple, and these of the group. */
function inputsWith(
  files: Readonly<Record<string, string>> = {},
  changes: { readonly tuple?: Readonly<Record<string, string>>; readonly group?: Partial<typeof group> } = {},
): string {
  const fingerprint = { digest: '0', inputs: { ...inputs, ...changes.tuple } };
  return compilationInputs(
    { ...group, ...changes.group },
    { tuple: { portage: portageBranch('b', commits[0], files) }, fingerprint },
  );
}

describe('the inputs of a compilation', () => {
  it('are a digest', () => {
    expect(inputsWith()).toMatch(/^[0-9a-f]{64}$/);
    expect(inputsWith()).toBe(inputsWith());
  });

  it('are not known if Portage does not know those of the packages', () => {
    expect(inputsWith({}, { group: { inputs: '' } })).toBe('');
  });

  it.each([{ group: { inputs: 'j' } }, { tuple: { 'stage/id': 'sha256:2' } }, { tuple: { pipeline: '2' } }])(
    'change with %j',
    (change) => {
      expect(inputsWith({}, change)).not.toBe(inputsWith());
    },
  );

  it.each(['tree/gentoo', 'packages', 'portage/commit'])('do not change with %s', (name) => {
    expect(inputsWith({}, { tuple: { [name]: 'other' } })).toBe(inputsWith());
  });

  it.each([
    'make.conf',
    'make.conf/main',
    'patches/app-misc/bad',
    'patches/app-misc/bad/a.patch',
    'patches/app-misc/bad-1.0/a.patch',
    'patches/app-misc/bad-1.0-r1:0/a.patch',
    'patches/app-misc/bad:0/a.patch',
    'patches/dev-libs/lib/a.patch',
  ])('change with the file %s of the branch', (path) => {
    const [none, one, other] = [{}, { [path]: 'x' }, { [path]: 'y' }].map((files) => inputsWith(files));
    expect(new Set([none, one, other]).size).toBe(3);
  });

  it.each(['make.config', 'package.use/bad', 'patches/app-misc/bad-good/a.patch', 'patches/app-misc/ba/a.patch'])(
    'do not change with the file %s of the branch',
    (path) => {
      expect(inputsWith({ [path]: 'x' })).toBe(inputsWith());
    },
  );
});
