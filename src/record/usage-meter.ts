import type { UsageSample } from '../report/event.ts';
import type { UsageRecord } from './build-record.ts';

/** Measures a task by the samples of its containers: sums the processor time and keeps the peaks of memory. */
export class UsageMeter {
  /**
   * The seconds of processor time since the meter began, summed over the containers of a task: each container counts from 0.
   */
  processorSeconds = 0;
  #last = 0;
  #peaks: Pick<UsageRecord, 'rss' | 'shmem' | 'peak'> | undefined;

  take(sample: UsageSample): void {
    const { processorSeconds } = sample;
    this.processorSeconds += processorSeconds >= this.#last ? processorSeconds - this.#last : processorSeconds;
    this.#last = processorSeconds;
    this.#peaks = raisePeaks(this.#peaks, sample);
  }

  /** Returns the usage; null if there was no sample. */
  read(): UsageRecord | null {
    if (this.#peaks === undefined) return null;
    return { ...this.#peaks, processorSeconds: toMilliseconds(this.processorSeconds), isUpperBound: false };
  }
}

/**
 * Measures a package by the samples of its container, from the package's start on. The result belongs to the package alone
 * if no other package was being built or merged at the same time; otherwise it is an upper bound.
 */
export class PackageMeter {
  readonly #container: UsageMeter;
  readonly #before: number;
  #peaks: Pick<UsageRecord, 'rss' | 'shmem' | 'peak'> | undefined;
  #isUpperBound = false;
  #processorSeconds = 0;

  constructor(container: UsageMeter) {
    this.#container = container;
    this.#before = container.processorSeconds;
  }

  /** Adds a sample; call `take` of the container's meter with the same sample first. */
  take(sample: UsageSample): void {
    this.#peaks = raisePeaks(this.#peaks, sample);
    this.#processorSeconds = this.#container.processorSeconds - this.#before;
  }

  /** Marks the result as an upper bound, because another package is being built or merged in the same container. */
  markShared(): void {
    this.#isUpperBound = true;
  }

  /** Returns the usage; null if there was no sample. */
  read(): UsageRecord | null {
    if (this.#peaks === undefined) return null;
    const processorSeconds = toMilliseconds(this.#processorSeconds);
    return { ...this.#peaks, processorSeconds, isUpperBound: this.#isUpperBound };
  }
}

function raisePeaks(
  peaks: Pick<UsageRecord, 'rss' | 'shmem' | 'peak'> | undefined,
  { rss, shmem }: UsageSample,
): Pick<UsageRecord, 'rss' | 'shmem' | 'peak'> {
  return {
    rss: Math.max(peaks?.rss ?? 0, rss),
    shmem: Math.max(peaks?.shmem ?? 0, shmem),
    peak: Math.max(peaks?.peak ?? 0, rss + shmem),
  };
}

function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
