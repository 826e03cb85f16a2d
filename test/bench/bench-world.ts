import type { BuildKit } from './buildkit.ts';
import type { EngineApi } from './engine-api.ts';
import type { Row } from './row.ts';
import type { TestBed } from './test-bed.ts';
import type { TinyGround } from './tiny-ground.ts';

/** What comparisons measure with. */
export interface Bench {
  readonly api: EngineApi;
  /** How often each is measured. */
  readonly runs: number;
  /** The same for what takes minutes: a third of it. */
  readonly longRuns: number;
  /** The image that the builder's is made from. */
  readonly runtimeImage: string;
  readonly buildKit: BuildKit;
  readonly bed: TestBed;
  readonly tiny: TinyGround;
}

/** What has to be prepared before a comparison: `bed` is a filled tree and volumes, `tiny` these and the tiny packages. */
export type Need = 'bed' | 'tiny';

/** Some rows that are measured together. */
export interface Comparison {
  /** As `--only` has it. */
  readonly name: string;
  readonly needs?: Need;
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}
