import type { ImageId } from '../../engine/identifiers.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { PackagesOrder, WorkOrder } from '../../plan/work-order.ts';
import type { Executor } from '../../schedule/executor.ts';
import type { EngineRoom } from './engine-room.ts';
import type { EngineSlots, Slot } from './engine-slots.ts';
import type { HeardEngine } from './while-heard.ts';

/** An engine that carries out orders. */
export interface Workplace extends HeardEngine {
  /** Unique; empty for the site's own engine. */
  readonly name: string;
  readonly architecture: string;
  /** The room for build containers, which may change. */
  readonly room: () => EngineRoom;
  /** What the engine has of what orders need. */
  readonly has: Pick<ReadonlySet<string>, 'has'>;
  readonly executor: Executor<WorkOrder, WorkAnswer>;
  /** Whether the engine takes further orders; always if undefined. */
  readonly isOpen?: (() => boolean) | undefined;
  /** Undefined if this build alone uses the engine. */
  readonly sharing?: Sharing;
}

/** How builds share an engine. */
export interface Sharing {
  readonly slots: Pick<EngineSlots, 'take' | 'await' | 'isWanted' | 'release'>;
  /** Brings the image of an order to the engine: a slot is a container of it. */
  readonly bringImage: (order: PackagesOrder) => Promise<ImageId>;
}

/** The engine for an order, and a slot there that this build holds already. */
export interface Entry {
  readonly place: Workplace;
  readonly slot: Slot | undefined;
  /** The memory limit of a container of the order in bytes. */
  readonly memory: number;
}
