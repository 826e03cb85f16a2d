import { Readable } from 'node:stream';

import type { Engine } from '../../../src/engine/engine.ts';
import type { ContainerId, ExecId, ImageId } from '../../../src/engine/identifiers.ts';

export const id = '7b1c'.repeat(16) as ContainerId;
export const exec = '04dd'.repeat(16) as ExecId;
export const image = `sha256:${'5e'.repeat(32)}` as ImageId;
const command = ['true'];
const { signal } = new AbortController();

/** One call of each method of an engine, none of whose objects exists. */
export const everyCall: {
  readonly [Name in Exclude<keyof Engine, 'address' | 'flavour' | 'lastHeard' | 'isAnswering'>]: (
    engine: Engine,
  ) => Promise<unknown>;
} = {
  version: (engine) => engine.version(),
  info: (engine) => engine.info(),
  inspectImage: (engine) => engine.inspectImage('localhost:1/none/none:none'),
  imagesWithLabel: (engine) => engine.imagesWithLabel('none'),
  listImageNames: (engine) => engine.listImageNames(),
  pullImage: (engine) => engine.pullImage('none', () => {}, signal),
  tagImage: (engine) => engine.tagImage('none/none', 'other'),
  removeImage: (engine) => engine.removeImage('none@sha256:0'),
  createContainer: (engine) => engine.createContainer('none', { image: 'none', command, mounts: [] }),
  holdStdin: (engine) => engine.holdStdin(id),
  startContainer: (engine) => engine.startContainer(id),
  inspectContainer: (engine) => engine.inspectContainer('none_none.none-none'),
  containersWithVolume: (engine) => engine.containersWithVolume('none'),
  containersWithLabel: (engine) => engine.containersWithLabel('none'),
  renameContainer: (engine) => engine.renameContainer(id, 'other'),
  killContainer: (engine) => engine.killContainer(id, 'SIGKILL'),
  waitContainer: (engine) => engine.waitContainer(id, signal),
  removeContainer: (engine) => engine.removeContainer(id),
  statPath: (engine) => engine.statPath(id, '/none'),
  readArchive: (engine) => engine.readArchive(id, '/none'),
  writeArchive: (engine) => engine.writeArchive(id, '/none', Readable.from([])),
  changedPaths: (engine) => engine.changedPaths(id),
  execAttached: (engine) => engine.execAttached(id, { command }),
  execDetached: (engine) => engine.execDetached(id, { command }),
  resizeExec: (engine) => engine.resizeExec(exec, { columns: 80, rows: 24 }),
  execExitCode: (engine) => engine.execExitCode(exec),
  commitContainer: (engine) => engine.commitContainer(id, { name: 'none', changes: [] }),
  importImage: (engine) => engine.importImage(Readable.from([]), { name: 'none', changes: [] }, signal),
  saveImage: (engine) => engine.saveImage(image),
  loadImages: (engine) => engine.loadImages(Readable.from([]), signal),
  createVolume: (engine) => engine.createVolume('none', {}),
  inspectVolume: (engine) => engine.inspectVolume('none'),
  volumesWithLabel: (engine) => engine.volumesWithLabel('none'),
  removeVolume: (engine) => engine.removeVolume('none'),
  createNetwork: (engine) => engine.createNetwork('none', {}),
  inspectNetwork: (engine) => engine.inspectNetwork('none'),
  connectNetwork: (engine) => engine.connectNetwork('none', id),
  removeNetwork: (engine) => engine.removeNetwork('none'),
};
