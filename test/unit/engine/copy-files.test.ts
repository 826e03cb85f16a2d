import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { copyFiles } from '../../../src/engine/copy-files.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { fakeFiles } from '../../support/fake-engine/fake-engine-files.ts';

/** Two engines, each with a container of an image. */
async function openTwo(files: Readonly<Record<string, string>>) {
  const [near, far] = [new FakeEngine(), new FakeEngine()];
  near.addImage('image', { files: fakeFiles(files) });
  far.addImage('image', { files: fakeFiles({ '/to/': '' }) });
  const spec = { image: 'image', command: ['true'], mounts: [] };
  const [from, to] = [await near.createContainer('from', spec), await far.createContainer('to', spec)];
  return { far, from: { engine: near, id: from }, to: { engine: far, id: to, directory: '/to' } };
}

it('copies regular files of any size under other names, and neither links nor what is missing', async () => {
  const large = 'x'.repeat(300_000);
  const { far, from, to } = await openTwo({ '/a/small': 'one', '/a/large': large, '/a/link': '-> /a/small' });
  const files = [
    { from: '/a/large', to: 'deep/below/large' },
    { from: '/a/link', to: 'link' },
    { from: '/a/missing', to: 'missing' },
    { from: '/a/small', to: 'small' },
  ];
  await copyFiles(from, to, files);
  const there = far.container(to.id);
  expect(there.findFile('/to/small')?.data.toString()).toBe('one');
  expect(there.findFile('/to/deep/below/large')?.data.toString()).toBe(large);
  expect([there.findFile('/to/link'), there.findFile('/to/missing')]).toEqual([undefined, undefined]);
});

it('throws the error of either engine', async () => {
  const { far, from, to } = await openTwo({ '/a/large': 'x'.repeat(300_000) });
  const files = [{ from: '/a/large', to: 'large' }];
  far.fault({ method: 'writeArchive', nth: 1, error: new Error('no space left') });
  await expect(copyFiles(from, to, files)).rejects.toThrow('no space left');
  const broken = Readable.from([Buffer.alloc(10)]);
  const readArchive = () => {
    broken.destroy(new Error('the engine went away'));
    return Promise.resolve(broken);
  };
  await expect(
    copyFiles({ ...from, engine: { readArchive, writeArchive: () => Promise.resolve() } }, to, files),
  ).rejects.toThrow('the engine went away');
});
