import type { Atom } from '../portage/atom.ts';
import type { Tmpfs } from '../portage/output/emerge-report.ts';
import { formatMemorySize, type TmpfsSetting } from '../quantity.ts';
import { stateDirectory, workDirectory } from '../container/work-directories.ts';

/** The smallest tmpfs in bytes that `auto` makes. */
const leastSize = 1024 ** 3;

/** The memory of the engine's machine in bytes, and the containers that share it. */
export interface MemoryAmounts {
  /** The available memory of the engine's machine; undefined if unknown. */
  readonly available: number | undefined;
  /** The number of containers that compile at once. */
  readonly jobs: number;
  /** The memory limit of one container; files on a tmpfs count as memory of the container. */
  readonly limit?: number | undefined;
  /** Whether the container of a failed build is kept. */
  readonly keepFailed: boolean;
}

/** Returns a value of the tmpfs setting as the user writes it: as an option, or as a line of site.yaml. */
export type SettingName = (setting: string) => string;

/** The place where packages are built: a tmpfs or the work volume. */
export interface TmpfsDecision {
  /** The size of each container's tmpfs in bytes; undefined if packages are built on the work volume. */
  readonly size: number | undefined;
  /** The reason why the program itself chose the volume, and a remedy; undefined if the user chose. */
  readonly note?: string;
  readonly warning?: string;
}

/**
 * Decides whether packages are built on a tmpfs, and its size. With `auto`, all containers together get half of the available
 * memory, and each at most half of its memory limit: the other half is for the compilers.
 */
export function decideTmpfs(setting: TmpfsSetting, amounts: MemoryAmounts, named: SettingName): TmpfsDecision {
  if (setting === 'off') return { size: undefined };
  if (amounts.keepFailed)
    return onVolume(
      'because of --keep-failed: when the kept container stops, it would lose the files that are in memory',
    );
  if (setting !== 'auto') return { size: setting, ...warningOf(setting, amounts) };
  const { available, jobs, limit = Infinity } = amounts;
  if (available === undefined)
    return onVolume(
      `because the free memory of the engine's machine is unknown; to build in memory anyway, use ${named('SIZE')}`,
    );
  const share = Math.floor(Math.min(available / 2 / jobs, limit / 2));
  if (share >= leastSize) return { size: wholeMebibytes(share) };
  const divided = jobs === 1 ? '' : ` for ${jobs} containers at once`;
  const limited = limit / 2 < leastSize ? `, and a container may use ${formatMemorySize(limit)}` : '';
  return onVolume(
    `because memory is short: ${formatMemorySize(available)} are free${divided}${limited}; a tmpfs gets half of it and ` +
      `needs at least ${formatMemorySize(leastSize)}; to build in memory anyway, use ${named('SIZE')}; ` +
      `to silence this note, use ${named('off')}`,
  );
}

/** Describes the place where packages are built, for a dry run or a plan. */
export function describeWorkDirectory({ size, note, warning }: TmpfsDecision, directory: string): string {
  const besides = note ?? warning;
  const kind = size === undefined ? 'a new work volume' : `a tmpfs of ${formatMemorySize(size)}`;
  return `${kind} at ${directory}${besides === undefined ? '' : ` (${besides})`}`;
}

/**
 * Describes a container's tmpfs of `size` bytes; `bigPackages` are built on the volume. Returns undefined if `size` is
 * undefined.
 */
export function describeTmpfs(size: number | undefined, bigPackages: readonly Atom[] = []): Tmpfs | undefined {
  return size === undefined ? undefined : { directory: workDirectory, excluded: stateDirectory, size, bigPackages };
}

/**
 * The value of emerge's `--jobs-tmpdir-require-free-gb` for a tmpfs: the GiB that must be free before emerge begins a package
 * while it builds others. emerge adds one GiB for each package that it is building. emerge's default, 18, is for disks; 0
 * disables the check. The value is undefined without a tmpfs, and if this emerge does not have the option.
 */
export function requiredFreeGib(tmpfs: Pick<Tmpfs, 'size'> | undefined, measuresSpace: boolean): number | undefined {
  return tmpfs === undefined || !measuresSpace ? undefined : Math.floor(tmpfs.size / 4 / 1024 ** 3);
}

function onVolume(why: string): TmpfsDecision {
  return { size: undefined, note: `packages are built on a volume, not in memory, ${why}` };
}

function warningOf(size: number, { available, jobs, limit }: MemoryAmounts): Pick<TmpfsDecision, 'warning'> {
  const asked = `a tmpfs of ${formatMemorySize(size)}${jobs === 1 ? '' : ` for each of ${jobs} containers`} was asked for`;
  if (limit !== undefined && size > limit)
    return { warning: `${asked}, but a container may use only ${formatMemorySize(limit)} of memory` };
  if (available !== undefined && size * jobs > available)
    return { warning: `${asked}, but only ${formatMemorySize(available)} are free` };
  return {};
}

function wholeMebibytes(bytes: number): number {
  return bytes - (bytes % 1024 ** 2);
}
