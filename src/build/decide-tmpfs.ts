import type { Atom } from '../portage/atom.ts';
import type { Tmpfs } from '../portage/emerge-report.ts';
import { describeSize, type TmpfsSetting } from '../quantity.ts';
import { stateDirectory, workDirectory } from './build-container.ts';

/** The fewest bytes of a tmpfs that is made without having been asked for. */
const leastSize = 1024 ** 3;

/** What there is, in bytes, and who shares it. */
export interface MemoryAmounts {
  /** Free on the engine's machine; undefined where that cannot be seen from here. */
  readonly available: number | undefined;
  /** How many containers compile at once. */
  readonly jobs: number;
  /** The most that one container may use: what it has on a tmpfs counts as its memory. */
  readonly limit?: number | undefined;
  /** Whether the container of what fails is kept. */
  readonly keepFailed: boolean;
}

/** How a setting is written where the user can change it: an option, or a line of site.yaml. */
export type SettingName = (setting: string) => string;

/** Where packages are built. */
export interface TmpfsDecision {
  /** Bytes of each container's tmpfs; undefined where packages are built on the volume. */
  readonly size: number | undefined;
  /** Why there is none though nobody said so, and what to do. */
  readonly note?: string;
  readonly warning?: string;
}

/**
 * Whether packages are built on a tmpfs, and of what size. By itself it is half of what is available, shared by all
 * containers, and no more than half of a container's limit: the other half is for the compilers.
 */
export function decideTmpfs(setting: TmpfsSetting, amounts: MemoryAmounts, named: SettingName): TmpfsDecision {
  if (setting === 'off') return { size: undefined };
  if (amounts.keepFailed)
    return onVolume('with --keep-failed, as the container that is kept would lose what is in memory when it stops');
  if (setting !== 'auto') return { size: setting, ...warningOf(setting, amounts) };
  const { available, jobs, limit = Infinity } = amounts;
  if (available === undefined)
    return onVolume(
      `as the free memory of the engine's machine cannot be seen from here; ${named('SIZE')} builds in memory all the same`,
    );
  const share = Math.floor(Math.min(available / 2 / jobs, limit / 2));
  if (share >= leastSize) return { size: wholeMebibytes(share) };
  const divided = jobs === 1 ? '' : ` for ${jobs} containers at once`;
  const limited = limit / 2 < leastSize ? `, and a container may use ${describeSize(limit)}` : '';
  return onVolume(
    `as memory is short: ${describeSize(available)} are free${divided}${limited}, and a tmpfs gets half of it, ` +
      `${describeSize(leastSize)} at least; ${named('SIZE')} builds in memory all the same, ${named('off')} says nothing of it`,
  );
}

/** Where packages are built, for a list of what would be done. */
export function describeWork({ size, note, warning }: TmpfsDecision, directory: string): string {
  const besides = note ?? warning;
  const kind = size === undefined ? 'a volume of its own' : `a tmpfs of ${describeSize(size)}`;
  return `${kind} at ${directory}${besides === undefined ? '' : ` (${besides})`}`;
}

/** The tmpfs of a container, of so many bytes, without those packages; undefined where there is none. */
export function describeTmpfs(size: number | undefined, bigPackages: readonly Atom[] = []): Tmpfs | undefined {
  return size === undefined ? undefined : { directory: workDirectory, apart: stateDirectory, size, bigPackages };
}

/**
 * How many GiB have to be left of a tmpfs before Portage begins another package beside those that are under way, for each of
 * which it adds one. Its own choice, 18, is for disks; 0 is no check. Undefined where there is no tmpfs, and where Portage
 * cannot be told.
 */
export function requiredFreeGib(tmpfs: Pick<Tmpfs, 'size'> | undefined, measuresSpace: boolean): number | undefined {
  return tmpfs === undefined || !measuresSpace ? undefined : Math.floor(tmpfs.size / 4 / 1024 ** 3);
}

function onVolume(why: string): TmpfsDecision {
  return { size: undefined, note: `packages are built on a volume and not in memory, ${why}` };
}

function warningOf(size: number, { available, jobs, limit }: MemoryAmounts): Pick<TmpfsDecision, 'warning'> {
  const asked = `a tmpfs of ${describeSize(size)}${jobs === 1 ? '' : ` for each of ${jobs} containers`} was asked for`;
  if (limit !== undefined && size > limit)
    return { warning: `${asked}, and a container may use ${describeSize(limit)} of memory` };
  if (available !== undefined && size * jobs > available)
    return { warning: `${asked}, and ${describeSize(available)} are free` };
  return {};
}

function wholeMebibytes(bytes: number): number {
  return bytes - (bytes % 1024 ** 2);
}
