import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isFit,
  placeOrders,
  type EnginePlace,
  type Placement,
  type WaitingOrder,
} from '../../../src/schedule/placement.ts';

const place = (name: string, parts: Partial<EnginePlace> = {}): EnginePlace => ({
  ...{ name, isReady: true, architecture: 'x86_64', slots: 2, running: 0, has: new Set() },
  ...parts,
});
const order = (id: string, parts: Partial<WaitingOrder> = {}): WaitingOrder => ({
  ...{ id, architecture: 'x86_64', priority: 1, only: undefined, without: new Set(), needs: [] },
  ...parts,
});

const names = ['home', 'near', 'far'];
const architecture = fc.constantFrom('x86_64', 'x86_64', 'x86_64', 'aarch64');
const things = fc.subarray(['image', 'one', 'two', 'three']);
const places = fc
  .subarray(names, { minLength: 1 })
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((name) =>
        fc
          .record({ isReady: fc.boolean(), architecture, slots: fc.nat(4), running: fc.nat(4), has: things })
          .map(({ has, ...parts }) => place(name, { ...parts, has: new Set(has) })),
      ),
    ),
  );
const orders = fc
  .array(
    fc.record({
      architecture,
      priority: fc.nat(5),
      only: fc.constantFrom(undefined, undefined, ...names),
      without: fc.subarray(names),
      needs: things,
    }),
    { maxLength: 8 },
  )
  .map((all) => all.map(({ without, ...parts }, index) => order(`${index}`, { ...parts, without: new Set(without) })));

/** Checks a property of placements of any orders on any engines. */
function always(
  check: (waiting: readonly WaitingOrder[], all: readonly EnginePlace[], placed: readonly Placement[]) => void,
) {
  fc.assert(fc.property(orders, places, (waiting, all) => check(waiting, all, placeOrders(waiting, all))));
}
const countOn = (placed: readonly Placement[], { name }: EnginePlace) =>
  placed.filter((one) => one.place === name).length;

describe('a placement', () => {
  it('places each order at most once, on a ready engine of its architecture that it may use', () =>
    always((waiting, all, placed) => {
      expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
      for (const { id, place: name } of placed) {
        const [one, where] = [waiting.find((each) => each.id === id), all.find((each) => each.name === name)];
        expect([where?.isReady, where?.architecture]).toEqual([true, one?.architecture]);
        expect([undefined, name]).toContain(one?.only);
        expect(one?.without.has(name)).toBe(false);
      }
    }));

  it('never gives an engine more orders than it has free slots', () =>
    always((_, all, placed) => {
      for (const one of all) expect(countOn(placed, one)).toBeLessThanOrEqual(Math.max(0, one.slots - one.running));
    }));

  it('lets no order wait while an engine that it may use has a free slot', () =>
    always((waiting, all, placed) => {
      for (const one of waiting.filter(({ id }) => !placed.some((each) => each.id === id)))
        for (const where of all.filter((each) => isFit(one, each)))
          expect(where.running + countOn(placed, where)).toBeGreaterThanOrEqual(where.slots);
    }));

  it('lets no order wait for a slot that an order with a shorter critical path got', () =>
    always((waiting, all, placed) => {
      for (const one of waiting.filter(({ id }) => !placed.some((each) => each.id === id)))
        for (const where of all.filter((each) => isFit(one, each)))
          for (const { id } of placed.filter((each) => each.place === where.name))
            expect(waiting.find((each) => each.id === id)?.priority).toBeGreaterThanOrEqual(one.priority);
    }));

  it('gives the order with the longest critical path the engine that has the most of what it needs', () =>
    always((waiting, all, placed) => {
      const [first] = waiting.toSorted((a, b) => b.priority - a.priority);
      const chosen = all.find(({ name }) => name === placed.find(({ id }) => id === first?.id)?.place);
      if (first === undefined || chosen === undefined) return;
      const held = ({ has }: EnginePlace) => first.needs.filter((need) => has.has(need)).length;
      const free = all.filter((each) => isFit(first, each) && each.running < each.slots);
      expect(held(chosen)).toBe(Math.max(...free.map(held)));
    }));

  it('fills engines evenly, by the part of their slots that is free, and the first one first', () => {
    const all = [place('home', { slots: 2 }), place('far', { slots: 4 })];
    const placed = placeOrders(
      ['a', 'b', 'c', 'd', 'e'].map((id) => order(id)),
      all,
    );
    expect(placed.map((one) => one.place)).toEqual(['home', 'far', 'far', 'home', 'far']);
  });
});
