import type { Event, UsageSample } from '../report/event.ts';
import type { PackageRecord } from './build-record.ts';
import { PackageMeter, type UsageMeter } from './usage-meter.ts';

interface WatchedPackage {
  readonly started: number;
  readonly binary: boolean;
  readonly meter: PackageMeter;
  readonly phases: { readonly phase: string; readonly since: number }[];
  ended: number | undefined;
}

/** Follows the packages of one task. Times are milliseconds since the epoch. */
export class PackageWatch {
  readonly #packages = new Map<string, WatchedPackage>();
  readonly #container: UsageMeter;

  constructor(container: UsageMeter) {
    this.#container = container;
  }

  /** Records that Portage began or completed a package. */
  takePackage({ cpv, action, binary = false }: Extract<Event, { type: 'package' }>, now: number): void {
    const known = this.#packages.get(cpv);
    if (action === 'completed') {
      if (known !== undefined) known.ended = now;
      return;
    }
    // Portage may begin a package again, for example on a volume after a tmpfs was full.
    this.#packages.delete(cpv);
    const meter = new PackageMeter(this.#container);
    for (const other of this.#unfinished()) {
      other.meter.markShared();
      meter.markShared();
    }
    this.#packages.set(cpv, { started: now, binary, meter, phases: [], ended: undefined });
  }

  /** Applies a snapshot of Portage's status stream. */
  takeRunning({ packages }: Extract<Event, { type: 'running' }>, now: number): void {
    for (const { cpv, phase } of packages) {
      const known = this.#packages.get(cpv);
      if (known === undefined || known.ended !== undefined || known.phases.at(-1)?.phase === phase) continue;
      known.phases.push({ phase, since: now });
    }
  }

  takeUsage(sample: UsageSample): void {
    for (const { meter } of this.#unfinished()) meter.take(sample);
  }

  /** The packages in the order in which they began. A phase lasts until the next one, at the resolution of the snapshots. */
  read(task: string | null, now: number): PackageRecord[] {
    return [...this.#packages].map(([cpv, { started, binary, meter, phases, ended }]) => ({
      cpv,
      task,
      binary,
      started: new Date(started).toISOString(),
      ended: ended === undefined ? null : new Date(ended).toISOString(),
      seconds: ended === undefined ? null : secondsBetween(started, ended),
      phases: phases.map(({ phase, since }, index) => ({
        phase,
        seconds: secondsBetween(since, phases[index + 1]?.since ?? ended ?? now),
      })),
      usage: meter.read(),
    }));
  }

  #unfinished(): WatchedPackage[] {
    return [...this.#packages.values()].filter(({ ended }) => ended === undefined);
  }
}

/** Returns the seconds between two times in milliseconds; 0 if the clock went back. */
export function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}
