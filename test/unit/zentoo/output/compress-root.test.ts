import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compressRoot } from '../../../../src/zentoo/output/compress-root.ts';
import { BuildWorld, interruption } from '../../builder/build-world.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

it.each(['before', 'while'])(
  'a run that is interrupted %s the root is read ends with the reason, and so does tar',
  async (when) => {
    using home = temporaryDirectory();
    using world = new BuildWorld();
    const session = await world.session();
    const ended = Promise.withResolvers<void>();
    world.engine.onExec = async (_container, _request, streams) => {
      streams.print('stdout', 'the beginning of a tar');
      world.aborter.abort(interruption);
      for await (const bytes of streams.input) streams.print('stderr', bytes);
      ended.resolve();
      return {};
    };
    if (when === 'before') world.aborter.abort(interruption);
    await expect(compressRoot(session, ['tar'], join(home.path, 'file'))).rejects.toBe(interruption);
    if (when === 'while') await ended.promise;
  },
);
