import type { BuildKit } from './buildkit.ts';
import type { EngineApi } from './engine-api.ts';
import type { Row } from './row.ts';
import type { TestBed } from './test-bed.ts';
import type { TinyGround } from './tiny-ground.ts';

/** The settings and objects that all comparisons share. */
export interface Bench {
  readonly api: EngineApi;
  /** The number of measurements of each row. */
  readonly runs: number;
  /** The image that the builder's is made from. */
  readonly runtimeImage: string;
  readonly buildKit: BuildKit;
  readonly bed: TestBed;
  readonly tiny: TinyGround;
}

/** The preparation that a comparison needs: `bed` is a filled tree and volumes, `tiny` is `bed` with the tiny packages. */
export type Need = 'bed' | 'tiny';

/** Some rows that are measured together. */
export interface Comparison {
  /** The name for `--only`. */
  readonly name: string;
  readonly needs?: Need;
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}
