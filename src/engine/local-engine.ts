import type { Container, Containers } from './containers.ts';

/** The engine of the machine that this program runs on, while the program works on an engine of another machine. */
export interface LocalEngine {
  /** The engine's own id, which `GET /info` tells. */
  readonly id: string;
  /** The container of this engine that this program runs in; undefined on a host. */
  readonly self: Container | undefined;
  readonly engine: Pick<Containers, 'inspectContainer'>;
}
