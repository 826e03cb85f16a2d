import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseMemory, countSlots, measureRoom } from '../../../../src/zentoo/engines/engine-room.ts';
import { defaultJobs } from '../../../../src/zentoo/run/machine-share.ts';

const GiB = 1024 ** 3;
const none = { memory: undefined, cpus: undefined };
const machines = fc.record({
  cpus: fc.integer({ min: 1, max: 128 }),
  memory: fc.integer({ min: GiB, max: 512 * GiB }),
});
const reservations = fc.record({
  cpus: fc.double({ min: 0, max: 140, noNaN: true }),
  memory: fc.nat(600).map((n) => n * GiB),
});
const limits = fc.record({
  memory: fc.option(fc.integer({ min: GiB / 4, max: 64 * GiB }), { nil: undefined }),
  cpus: fc.option(fc.double({ min: 0.5, max: 32, noNaN: true }), { nil: undefined }),
});
const chosenJobs = fc.option(fc.integer({ min: 1, max: 64 }), { nil: undefined });

describe('the room of an engine', () => {
  it.each([
    ['of 8 processors and 32 GiB', { cpus: 8, memory: 32 * GiB }, {}, [8, 4 * GiB]],
    [
      'without 2.5 reserved processors',
      { cpus: 8, memory: 32 * GiB },
      { reserved: { cpus: 2.5, memory: 0 } },
      [5, 6.4 * GiB],
    ],
    ['without 24 GiB', { cpus: 8, memory: 32 * GiB }, { reserved: { cpus: 0, memory: 24 * GiB } }, [4, 2 * GiB]],
    [
      'of 4 containers, of which half of the processors are reserved',
      { cpus: 2, memory: 32 * GiB },
      { jobs: 4, reserved: { cpus: 1, memory: 0 } },
      [2, 16 * GiB],
    ],
    ['of more containers than it has memory for', { cpus: 2, memory: 8 * GiB }, { jobs: 9 }, [4, 2 * GiB]],
    [
      'of small containers that the user chose',
      { cpus: 2, memory: 8 * GiB },
      { jobs: 9, limits: { ...none, memory: GiB } },
      [8, GiB],
    ],
    ['that others have', { cpus: 4, memory: 8 * GiB }, { reserved: { cpus: 4, memory: 0 } }, [0, 8 * GiB]],
    ['of a small machine', { cpus: 4, memory: 1.5 * GiB }, {}, [1, 1.5 * GiB]],
  ])('%s', (_, machine, given, expected) => {
    const { slots, share } = measureRoom(machine, { limits: none, isOwn: false, ...given });
    expect([slots, share]).toEqual([expected[0], Math.floor(expected[1] ?? 0)]);
  });

  it('has one slot at least on the own engine, which alone carries out some orders', () => {
    const reserved = { cpus: 4, memory: 8 * GiB };
    const room = measureRoom({ cpus: 4, memory: 8 * GiB }, { reserved, limits: none, isOwn: true });
    expect([room.slots, countSlots(room, []), countSlots(room, [2 * GiB])]).toEqual([1, 1, 1]);
  });

  it('gives all slots together no more memory than there is, and each what a job needs', () => {
    fc.assert(
      fc.property(machines, reservations, limits, chosenJobs, (machine, reserved, given, jobs) => {
        const { slots, memory, share, fixed } = measureRoom(machine, { reserved, limits: given, jobs, isOwn: false });
        expect(memory).toBe(Math.max(0, machine.memory - reserved.memory));
        if (slots > 1 || (slots === 1 && reserved.memory > 0)) expect(slots * share).toBeLessThanOrEqual(memory);
        expect(share).toBeGreaterThanOrEqual(Math.min(given.memory ?? 2 * GiB, machine.memory));
        expect(fixed).toBe(given.memory);
        if (jobs !== undefined) expect(slots).toBeLessThanOrEqual(jobs);
      }),
    );
  });

  it('is that of a build on one engine if nobody reserves or chooses anything, and shrinks with what is reserved', () => {
    fc.assert(
      fc.property(machines, reservations, reservations, limits, chosenJobs, (machine, one, more, given, jobs) => {
        const alone = measureRoom(machine, { limits: { ...given, memory: undefined }, isOwn: false });
        expect(alone.slots).toBe(defaultJobs(machine, { ...given, memory: undefined }));
        const both = { cpus: one.cpus + more.cpus, memory: one.memory + more.memory };
        const [less, least] = [one, both].map((reserved) =>
          measureRoom(machine, { reserved, limits: given, jobs, isOwn: false }),
        );
        expect(least?.slots).toBeLessThanOrEqual(less?.slots ?? 0);
        expect(least?.memory).toBeLessThanOrEqual(less?.memory ?? 0);
      }),
    );
  });
});

describe('the memory limits of containers', () => {
  it('are all that an engine has but one share for a container that is alone, and equal ones for many', () => {
    const room = measureRoom({ cpus: 8, memory: 32 * GiB }, { limits: none, isOwn: false });
    expect(chooseMemory(room, [], { concurrency: 1, next: 0 })).toBe(28 * GiB);
    expect(countSlots(room, [28 * GiB])).toBe(2);
    expect(chooseMemory(room, [28 * GiB], { concurrency: 2, next: 0 })).toBe(4 * GiB);
    expect(chooseMemory(room, [], { concurrency: 99, next: 7 })).toBe(4 * GiB);
  });

  it('together are never more than there is, whatever starts and ends', () => {
    const step = fc.record({
      starts: fc.integer({ min: 0, max: 12 }),
      concurrency: fc.integer({ min: 1, max: 40 }),
      ends: fc.nat(6),
    });
    fc.assert(
      fc.property(machines, reservations, chosenJobs, fc.array(step), (machine, reserved, jobs, steps) => {
        const room = measureRoom(machine, { reserved, limits: none, jobs, isOwn: false });
        let running: readonly number[] = [];
        for (const { starts, concurrency, ends } of steps) {
          const count = Math.min(starts, countSlots(room, running) - running.length);
          for (let left = count - 1; left >= 0; left--)
            running = [...running, chooseMemory(room, running, { concurrency, next: left })];
          expect(running.length).toBeLessThanOrEqual(room.slots);
          expect(running.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(room.memory);
          for (const limit of running) expect(limit).toBeGreaterThanOrEqual(room.share);
          running = running.slice(ends);
        }
      }),
    );
  });

  it('are those of site.yaml if it has one', () => {
    const room = measureRoom({ cpus: 8, memory: 32 * GiB }, { limits: { ...none, memory: 3 * GiB }, isOwn: false });
    expect(chooseMemory(room, [], { concurrency: 1, next: 0 })).toBe(3 * GiB);
    expect(
      countSlots(
        room,
        Array.from({ length: 7 }, () => 3 * GiB),
      ),
    ).toBe(8);
  });
});
