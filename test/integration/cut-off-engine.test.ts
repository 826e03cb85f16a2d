import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { gone, untilRemoved } from '../support/builder.ts';
import { CutOffEngine } from '../support/cut-off-engine.ts';
import { rawDocker } from '../support/real-engine.ts';
import { runProgram } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');
const base = 'gentoo-ministage-faults';

/** The work volumes of the builder with a process id. */
async function workOf(pid: number): Promise<readonly string[]> {
  const { Volumes } = await rawDocker().listVolumes({ filters: { label: [ownerLabel] } });
  const mine = (Volumes ?? []).filter(({ Labels }) => Labels?.[ownerLabel]?.includes(`"pid":${pid},`));
  return mine.map(({ Name }) => Name);
}

describe('case 1.10: a builder whose engine is reached by TCP', () => {
  it('ends when it is cut off from the engine, and the next run removes what it left', async () => {
    const tree = uniqueName('cut-off-tree');
    await rawDocker().createVolume({ Name: tree });
    try {
      using engine = await CutOffEngine.open();
      const options = ['--progress=plain', '--base', base, '--tree', tree, '--create-tree'];
      const builder = engine.start(program, [...options, 'test-fault/hangs']);
      let stderr = '';
      const emerging = Promise.withResolvers<void>();
      builder.stderr.on('data', (data: Buffer) => {
        stderr += data.toString();
        if (/Emerging .*test-fault\/hangs/.test(stderr)) emerging.resolve();
      });
      const closed = once(builder, 'close').then(([status]) => status as number | null);
      await Promise.race([emerging.promise, closed.then(() => Promise.reject(new Error(`it ended:\n${stderr}`)))]);
      expect(await workOf(builder.pid ?? 0)).toHaveLength(1);
      await engine.cut();
      expect(await closed, stderr).toBe(16);
      expect(stderr).toMatch(/warning: failed to remove the containers and the work volume of the build: /);
      // The engine notices the end of its connections when the machine in between is gone.
      engine[Symbol.dispose]();
      const dryRun = [program, '--dry-run', '--base', base, '--tree', tree, 'test-fault/hangs'];
      // The next run on the engine removes what is left: this one, or that of another test.
      await runProgram(process.execPath, dryRun, {});
      await untilRemoved(() => workOf(builder.pid ?? 0));
    } finally {
      await gone(rawDocker().getVolume(tree).remove());
    }
  });
});
