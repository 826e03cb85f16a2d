import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestName } from '../../../src/nearest-name.ts';
import { explainUnreadableTuple, readTupleName, type TupleNames } from '../../../src/site/read/read-tuple-name.ts';

/** Names that run into each other: few words, with hyphens. */
const word = fc.constantFrom('a', 'b', 'x86', '64', 'v3');
const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('-'));
const someNames = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });
const allNames = fc.record({
  cpu: someNames,
  portage: someNames,
  buildhooks: someNames,
  shared: someNames,
  own: someNames,
});

function namesOf({
  cpu,
  portage,
  buildhooks,
  shared,
  own,
}: Record<'cpu' | 'portage' | 'buildhooks' | 'shared' | 'own', string[]>): TupleNames {
  // Only the first branch has sets of its own.
  const packages = (branch: string) => (branch === portage[0] ? [...new Set([...own, ...shared])] : shared);
  return { cpu, portage, buildhooks, packages };
}

/** All that can be made of the names, the simple way. */
function* everyTuple({ cpu, portage, buildhooks, packages }: TupleNames) {
  for (const one of cpu ?? [])
    for (const two of portage ?? [])
      for (const three of buildhooks ?? [])
        for (const four of packages(two) ?? []) yield { cpu: one, portage: two, buildhooks: three, packages: four };
}

describe('the readings of a tuple', () => {
  it('are exactly those with existing names', () => {
    fc.assert(
      fc.property(allNames, fc.nat(), (given, choice) => {
        const names = namesOf(given);
        const all = [...everyTuple(names)];
        const text = Object.values(all[choice % all.length] ?? {}).join('-');
        const expected = all.filter((parts) => Object.values(parts).join('-') === text);
        expect(readTupleName(text, names)).toEqual(expect.arrayContaining(expected));
        expect(readTupleName(text, names)).toHaveLength(expected.length);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['cpu', 'portage', 'buildhooks', 'packages'] as const)(
    'include any name of %s if its names are unknown',
    (part) => {
      fc.assert(
        fc.property(allNames, fc.nat(), (given, choice) => {
          const names = namesOf(given);
          const all = [...everyTuple(names)];
          const parts = all[choice % all.length];
          const unknown = { ...names, [part]: part === 'packages' ? () => undefined : undefined };
          expect(readTupleName(Object.values(parts ?? {}).join('-'), unknown)).toContainEqual(parts);
        }),
      );
    },
  );

  it('are none for a text without existing names, and the fault is explained within the text', () => {
    fc.assert(
      fc.property(
        allNames,
        fc.oneof(
          fc.string(),
          name,
          fc.array(name, { maxLength: 8 }).map((parts) => parts.join('-')),
        ),
        (given, text) => {
          const names = namesOf(given);
          const readings = readTupleName(text, names);
          fc.pre(readings.length === 0);
          const { offset, message } = explainUnreadableTuple(text, names);
          expect(message).toMatch(/^there is no |^the branch |is not a tuple: it must be /);
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  const names = namesOf({
    cpu: ['x86-64', 'x86-64-v3'],
    portage: ['server', 'desktop-kde'],
    buildhooks: ['plain'],
    shared: ['tools'],
    own: ['mail'],
  });
  it.each([
    ['x86-64-v3-server-plain-mail', { cpu: 'x86-64-v3', portage: 'server', buildhooks: 'plain', packages: 'mail' }],
    [
      'x86-64-desktop-kde-plain-tools',
      { cpu: 'x86-64', portage: 'desktop-kde', buildhooks: 'plain', packages: 'tools' },
    ],
  ])('%s', (text, reading) => {
    expect(readTupleName(text, names)).toEqual([reading]);
  });

  it.each([
    ['x86-64-v4-server-plain-tools', 0, "there is no cpu 'x86-64-v4'; did you mean 'x86-64-v3'?"],
    ['x86-64-desktop-plain-tools', 7, "there is no portage branch 'desktop'; there are: server, desktop-kde"],
    ['x86-64-desktop-kdee-plain-tools', 7, "there is no portage branch 'desktop-kdee'; did you mean 'desktop-kde'?"],
    ['x86-64-desktop-kde-plain-mail', 25, "the branch 'desktop-kde' has no package set 'mail'; there are: tools"],
    ['x86-64', 0, "'x86-64' is not a tuple: it must be <cpu>-<portage>-<buildhooks>-<packages>"],
    ['a-'.repeat(5000), 0, expect.stringMatching(/^'a-a-.*' \(10000 characters\) is not a tuple/)],
  ])('%s has none', (text, offset, message) => {
    expect(readTupleName(text, names)).toEqual([]);
    expect(explainUnreadableTuple(text, names)).toMatchObject({ offset, message });
  });
});

describe('edit distance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['server', 'sever', 1],
    ['tools', 'tolos', 1],
    ['base', 'bsae', 1],
    ['kitten', 'sitting', 3],
  ])('%j to %j', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });

  it('is at most the longer length, and 0 only for equal texts', () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(text, text, (from, to) => {
        const distance = editDistance(from, to);
        expect(distance === 0).toBe(from === to);
        expect(distance).toBeLessThanOrEqual(Math.max(from.length, to.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(from.length - to.length));
      }),
    );
  });

  it('suggests a name only if it is near', () => {
    expect(nearestName('sevrer', ['desktop', 'server'])).toBe('server');
    expect(nearestName('zebra', ['desktop', 'server'])).toBeUndefined();
    expect(nearestName('server', [])).toBeUndefined();
  });
});
