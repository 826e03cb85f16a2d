import { splitCpv } from '../portage/cpv.ts';
import type { IgnoredBinary, Pretended } from '../portage/output/pretend-output.ts';
import type { PretendedPackage, PretendedVersion } from '../portage/output/pretend-package.ts';
import type { PackagePlan } from './plan.ts';

/** The packages of the store and of the stage, which Portage's answer does not contain. */
export interface KnownPackages {
  /** The binary packages of the partition: `category/name-version`; undefined if unknown. */
  readonly stored: readonly string[] | undefined;
  /** The packages of the set that the stage has installed, and that Portage would keep. */
  readonly installed: readonly Pick<PackagePlan, 'cpv' | 'slot' | 'repository'>[];
}

/** Finds the action of a build for each package, and the reason for it, from Portage's answer. */
export function planPackages(pretended: Pretended, { stored, installed }: KnownPackages): readonly PackagePlan[] {
  const listed = pretended.packages.map((item): PackagePlan => {
    const { cpv, slot, repository } = item;
    const place = { cpv, slot: slot === item.subslot ? slot : `${slot}/${item.subslot}`, repository };
    const use = describeUse(item);
    if (item.action !== 'merge')
      return { ...place, use, action: 'remove', why: whyRemoved(item, pretended), from: undefined };
    if (item.kind === 'binary') {
      const from = item.buildId === undefined ? cpv : `${cpv}-${item.buildId}`;
      return { ...place, use, action: 'reuse', why: join(whyMerged(item, pretended), whyBinary(item)), from };
    }
    const why = join(whyMerged(item, pretended), whyCompiled(item, pretended.ignored, stored));
    return { ...place, use, action: 'compile', why, from: undefined };
  });
  const names = new Set(listed.map(placeOf));
  const left = installed.filter((item) => !names.has(placeOf(item)));
  const why = 'as the stage has it';
  return [
    ...left.map((item) => ({ ...item, action: 'installed-by-stage', why, use: '', from: undefined }) as const),
    ...listed,
  ];
}

/** Identifies the place of an installed package: its name and slot, without the sub-slot. Only one package can take it. */
function placeOf({ cpv, slot }: Pick<PackagePlan, 'cpv' | 'slot'>): string {
  return `${splitCpv(cpv)?.name ?? cpv}:${slot.replace(/\/.*/s, '')}`;
}

/** Explains why emerge would merge the package, from the difference to the root's package. */
function whyMerged(item: PretendedPackage, { rebuilds }: Pretended): string {
  const before = item.previous.map((previous) => describeVersion(previous, item)).join(' and ');
  const causes = rebuilds.filter(({ cpv }) => cpv === item.cpv).map(({ cause }) => cause);
  switch (item.change) {
    case 'new':
      return 'new';
    case 'new-slot':
      return `new in slot ${item.slot}${before === '' ? '' : `, beside ${before}`}`;
    case 'upgrade':
      return `newer than ${before} that the stage has`;
    case 'downgrade':
      return `older than ${before} that the stage has`;
    case 'reinstall':
    case 'none':
      break;
  }
  if (causes.length > 0) return `the subslot of ${causes.join(' and ')} is another (rebuild)`;
  const flags = changedFlags(item);
  if (flags !== '') return `USE ${flags} differs from the package of the stage`;
  const [other] = item.previous;
  if (other === undefined) return 'the stage has it, and it is merged again';
  if (other.repository !== item.repository) return `the stage has it from the repository ${other.repository}`;
  return `the stage has it in slot ${other.slot}/${other.subslot}`;
}

function describeVersion(previous: PretendedVersion, item: PretendedPackage): string {
  const sameSlot = previous.slot === item.slot && previous.subslot === item.subslot;
  const slot = sameSlot ? '' : `:${previous.slot}${previous.subslot === previous.slot ? '' : `/${previous.subslot}`}`;
  return `${previous.version}${slot}${previous.repository === item.repository ? '' : `::${previous.repository}`}`;
}

function whyBinary({ fetch, buildId }: PretendedPackage): string {
  if (fetch === 'remote') return 'a binary package of another host';
  return buildId === undefined ? 'in the store' : `build ${buildId} in the store`;
}

/** Explains why the package is compiled, although binary packages may exist. */
function whyCompiled(
  { cpv, use }: PretendedPackage,
  ignored: readonly IgnoredBinary[],
  stored: readonly string[] | undefined,
): string {
  const own = ignored.filter((binary) => binary.cpv === cpv);
  const builds = own.filter(({ why }) => why === 'use').map(({ flags }) => flags);
  const all = new Map(
    use.flatMap(({ flags, variable }) => flags.map((flag) => [fullName(variable, flag.name), flag.enabled])),
  );
  const [flags] = builds;
  if (flags !== undefined) {
    const texts = flags.map((flag) => {
      const name = flag.replace(/^-/, '');
      // Emerge prints the flags of the binary package; the tuple wants the opposite.
      return sign(all.get(name) ?? flag.startsWith('-')) + name;
    });
    const others = builds.length > 1 ? `, and from ${builds.length - 1} more` : '';
    return `USE ${texts.join(' ')} differs from the binary package in the store${others}`;
  }
  if (own.some(({ why }) => why === 'dependencies')) return 'its dependencies changed since it was packaged';
  if (own.some(({ why }) => why === 'patches')) return 'there are patches for it in the branch';
  if (stored?.includes(cpv)) return 'the binary package in the store was linked with other versions, or is masked';
  return 'no binary package in the store';
}

function whyRemoved({ cpv }: PretendedPackage, { blockers }: Pretended): string {
  const name = splitCpv(cpv)?.name;
  const blocker = blockers.find(({ blocked, satisfied }) => satisfied && nameOf(blocked) === name);
  return blocker === undefined ? 'something else takes its place' : blocker.description;
}

/** The `category/name` of an atom. */
function nameOf(atom: string): string {
  const bare = atom.replace(/^[<>=~]+/, '').replace(/[:[].*/s, '');
  return atom.startsWith(bare) ? bare : (splitCpv(bare.replace(/\*$/, ''))?.name ?? bare);
}

function changedFlags({ use }: PretendedPackage): string {
  return use
    .flatMap(({ variable, flags }) =>
      flags
        .filter(({ changed, inOneOnly }) => changed || inOneOnly)
        .map(({ name, enabled }) => sign(enabled) + fullName(variable, name)),
    )
    .join(' ');
}

/** The flag's name as binary packages record it: `python_targets_python3_12`. */
function fullName(variable: string, flag: string): string {
  return variable === 'USE' ? flag : `${variable.toLowerCase()}_${flag}`;
}

/** The flags of the ebuild, without the flags that only the installed version had. */
function describeUse({ use }: PretendedPackage): string {
  const texts = use.map(({ variable, flags }) => {
    const own = flags.filter(({ fixed, inOneOnly, enabled }) => !(fixed && inOneOnly && !enabled));
    const text = own.map(({ name, enabled }) => sign(enabled) + name).join(' ');
    return variable === 'USE' || text === '' ? text : `${variable}: ${text}`;
  });
  return texts.filter((text) => text !== '').join(' ');
}

const sign = (enabled: boolean): string => (enabled ? '+' : '-');

function join(...clauses: readonly string[]): string {
  return clauses.filter((clause) => clause !== '').join('; ');
}
