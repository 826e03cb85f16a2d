import { describe, expect, it } from 'vitest';
import { findUnchanged } from '../../../src/builder/find-unchanged.ts';
import type { Image } from '../../../src/engine/images.ts';
import { baseName, BuildWorld } from './build-world.ts';

const labels = { 'gentoo-builder.fingerprint': 'f1' };

/** Finds the name of an unchanged image among images with these names and properties, each on the base by default. */
async function find(images: Readonly<Record<string, Partial<Image>>>): Promise<string | undefined> {
  using world = new BuildWorld();
  const base = { name: baseName, image: await world.engine.inspectImage(baseName) };
  const below = base.image?.layers ?? [];
  for (const [name, image] of Object.entries(images))
    world.engine.addImage(name, { labels, layers: [...below, `sha256:${name}`], ...image });
  return (await findUnchanged(world.context, { base }, 'f1'))[0]?.name;
}

describe('an image of the same inputs', () => {
  it.each([
    ['gentoo-c0de:latest', 'gentoo-c0de'],
    [`gentoo-${'c0de'.repeat(16)}:latest`, `gentoo-${'c0de'.repeat(16)}`],
  ])('is found by its name %s', async (name, found) => {
    expect(await find({ [name]: {} })).toBe(found);
  });

  it.each(['mine:latest', 'gentoo-c0d:latest', 'gentoo-c0de:1', 'my-gentoo-c0de:latest', 'gentoo-mine:latest'])(
    'is not found by the name %s',
    async (name) => {
      expect(await find({ [name]: {} })).toBeUndefined();
    },
  );

  it('has exactly one layer on the base, and the label itself', async () => {
    expect(await find({ 'gentoo-c0de': { layers: ['sha256:other', 'sha256:x'] } })).toBeUndefined();
    expect(await find({ 'gentoo-c0de': { layers: [] } })).toBeUndefined();
    expect(await find({ 'gentoo-c0de': { labels: { 'gentoo-builder.fingerprint': 'f2' } } })).toBeUndefined();
    expect(await find({})).toBeUndefined();
  });

  it.each([
    ['no format, as version 0.1.0 wrote it', {}, 'gentoo-c0de'],
    ['the format of this program', { 'gentoo-builder.format': '1' }, 'gentoo-c0de'],
    ['a newer format', { 'gentoo-builder.format': '2' }, undefined],
    ['a format that is no number', { 'gentoo-builder.format': 'new' }, undefined],
  ])('is used or not by its format: its labels have %s', async (_, format, found) => {
    expect(await find({ 'gentoo-c0de': { labels: { ...labels, ...format } } })).toBe(found);
  });

  it('is the newest one', async () => {
    const at = (year: number) => ({ created: `${year}-01-01T00:00:00Z` });
    expect(await find({ 'gentoo-aaaa': at(2024), 'gentoo-bbbb': at(2026), 'gentoo-cccc': at(2025) })).toBe(
      'gentoo-bbbb',
    );
  });
});
