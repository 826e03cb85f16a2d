import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { holdCommand } from '../../container/container-scripts.ts';
import { startHeld } from '../../container/open-session.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ContainerId, ImageId } from '../../engine/identifiers.ts';
import { EngineRefusal } from '../../engine/refusal.ts';

/** A slot of an engine that a build holds. */
export interface Slot {
  readonly container: ContainerId;
  /** Whether the container runs; the engine may end it. */
  isHeld(): boolean;
  close(): void;
}

type SlotEngine = Pick<
  Engine,
  'createContainer' | 'holdStdin' | 'startContainer' | 'inspectContainer' | 'renameContainer' | 'removeContainer'
>;

/** The label of the containers that are slots. */
export const slotLabel = 'zentoo.slot';
/** The name of the container of the build that gets the next slot. An engine gives a name to one container only. */
const nextName = 'zentoo-slot-next';
/** The milliseconds between two attempts. */
const pollMs = 500;
/** The milliseconds after which a container that does not run is no slot that a build is about to start. */
const staleMs = 15_000;

/**
 * The slots of an engine, which all builds share that compile there. A slot is a running container `zentoo-slot-<number>`, which ends with
 * its build. A build that has none there queues for the next one that is free, and the others leave that one to it.
 */
export class EngineSlots {
  readonly #engine: SlotEngine;
  readonly #count: () => number;
  readonly #held = new Set<Slot>();
  /** When containers that do not run were seen first. */
  readonly #idle = new Map<ContainerId, number>();

  /** @param count the number of slots, which may change; a slot that is held stays */
  constructor(engine: SlotEngine, count: () => number) {
    this.#engine = engine;
    this.#count = count;
  }

  /**
   * Takes a slot; undefined if other builds have all, or wait for the next one.
   *
   * @param image an image that the engine has
   */
  async take(image: ImageId): Promise<Slot | undefined> {
    if (await this.isWanted()) return undefined;
    for (const name of this.#names()) {
      const slot = await this.#hold(name, image);
      if (slot !== undefined) return this.#keep(slot);
    }
    return undefined;
  }

  /** Waits for a slot. Throws the reason of the signal. */
  async await(image: ImageId, signal: AbortSignal): Promise<Slot> {
    for (;;) {
      const taken = await this.take(image);
      if (taken !== undefined) return taken;
      // A build that has a slot already does not keep others from their first one.
      const slot = this.#held.size > 0 ? undefined : await this.#queue(image, signal);
      if (slot !== undefined) return slot;
      await pause(signal);
    }
  }

  /** Whether another build waits for the next slot. */
  async isWanted(): Promise<boolean> {
    return this.#isUsed(nextName);
  }

  /** Gives a slot back. */
  async release(slot: Slot): Promise<void> {
    this.#held.delete(slot);
    slot.close();
    await this.#engine.removeContainer(slot.container);
  }

  /** Waits as the one build that gets the next slot; undefined if another build waits. */
  async #queue(image: ImageId, signal: AbortSignal): Promise<Slot | undefined> {
    const slot = await this.#hold(nextName, image);
    if (slot === undefined) return undefined;
    try {
      while (slot.isHeld()) {
        for (const name of this.#names()) {
          if ((await this.#isUsed(name)) || !(await this.#engine.renameContainer(slot.container, name))) continue;
          return this.#keep(slot);
        }
        await pause(signal);
      }
      return undefined;
    } catch (error) {
      slot.close();
      throw error;
    }
  }

  #keep(slot: Slot): Slot {
    this.#held.add(slot);
    return slot;
  }

  /** Creates and starts the container of a slot; undefined if the name is taken. */
  async #hold(name: string, image: ImageId): Promise<Slot | undefined> {
    if (await this.#isUsed(name)) return undefined;
    const spec = { image, command: holdCommand(true), mounts: [], user: '0', labels: { [slotLabel]: '' } };
    const options = { init: true, openStdin: true, keepLog: false, autoRemove: true };
    try {
      const container = await this.#engine.createContainer(name, { ...spec, ...options });
      const hold = await startHeld(this.#engine, container);
      let isHeld = true;
      void hold.ended.then(() => (isHeld = false));
      return { container, isHeld: () => isHeld, close: () => hold.close() };
    } catch (error) {
      // Absent: another build took it for a container that nobody starts.
      const isTaken = error instanceof EngineRefusal && (error.kind === 'conflict' || error.kind === 'absent');
      if (isTaken) return undefined;
      throw error;
    }
  }

  /** Whether there is a container with the name. Removes one that a build created and did not start in 15 s: the build is gone. */
  async #isUsed(name: string): Promise<boolean> {
    const found = await this.#engine.inspectContainer(name);
    if (found === undefined) return false;
    if (found.state === 'running' || found.state === 'paused' || !(slotLabel in found.labels)) return true;
    const since = this.#idle.get(found.id) ?? performance.now();
    this.#idle.set(found.id, since);
    if (performance.now() - since < staleMs) return true;
    await this.#engine.removeContainer(found.id);
    return false;
  }

  #names(): readonly string[] {
    return Array.from({ length: this.#count() }, (_, index) => `zentoo-slot-${index + 1}`);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}
