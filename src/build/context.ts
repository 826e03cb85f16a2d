import type { Container, Engine } from '../engine/engine.ts';
import type { Report } from '../report/event.ts';

/** What every step works with: the world outside, and nothing of the request. */
export interface BuildContext {
  readonly engine: Engine;
  readonly report: Report;
  /** Aborted with a `Failure` as its reason when the run is to end early. */
  readonly signal: AbortSignal;
  /** The container that this program runs in; undefined on a host. */
  readonly self: Container | undefined;
}
