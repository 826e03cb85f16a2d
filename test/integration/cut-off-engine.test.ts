import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { gone, untilRemoved } from '../support/builder.ts';
import { CutOffEngine } from '../support/real-engine/cut-off-engine.ts';
import { engineSocket } from '../support/proxy.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { runProgram } from '../support/run-program.ts';
import { SshServer } from '../support/ssh-server.ts';
import { uniqueName } from '../support/unique-name.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');
const base = 'gentoo-ministage-faults';

/** The work volumes of the builder with a process id. */
async function workOf(pid: number): Promise<readonly string[]> {
  const { Volumes } = await rawDocker().listVolumes({ filters: { label: [ownerLabel] } });
  const mine = (Volumes ?? []).filter(({ Labels }) => Labels?.[ownerLabel]?.includes(`"pid":${pid},`));
  return mine.map(({ Name }) => Name);
}

/** The engine on another machine, whose cable can be cut. */
interface FarEngine extends AsyncDisposable {
  /** Starts a program that works on the engine. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  cut(): Promise<void>;
}

async function overTcp(): Promise<FarEngine> {
  const engine = await CutOffEngine.open();
  return {
    start: ([file = '', ...args]) => engine.start(file, args),
    cut: () => engine.cut(),
    [Symbol.asyncDispose]: () => Promise.resolve(engine[Symbol.dispose]()),
  };
}

async function overSsh(): Promise<FarEngine> {
  const server = await SshServer.open(engineSocket());
  return {
    start: (args) => spawn(process.execPath, args, { env: { ...process.env, ...server.environment } }),
    cut: () => server.cut(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe.each([
  ['TCP', overTcp],
  ['SSH', overSsh],
])('case 1.10: a builder whose engine is reached by %s', (_, open) => {
  it('ends when it is cut off from the engine, and the next run removes what it left', async () => {
    const tree = uniqueName('cut-off-tree');
    await rawDocker().createVolume({ Name: tree });
    try {
      await using engine = await open();
      const options = ['--progress=plain', '--base', base, '--tree', tree, '--create-tree'];
      const builder = engine.start([program, ...options, 'test-fault/hangs']);
      let stderr = '';
      const emerging = Promise.withResolvers<void>();
      builder.stderr.on('data', (data: Buffer) => {
        stderr += data.toString();
        if (/Emerging .*test-fault\/hangs/.test(stderr)) emerging.resolve();
      });
      const closed = once(builder, 'close').then(([status]) => status as number | null);
      await Promise.race([emerging.promise, closed.then(() => Promise.reject(new Error(`it ended:\n${stderr}`)))]);
      const [volume = '', ...others] = await workOf(builder.pid ?? 0);
      expect(others).toEqual([]);
      const filters = { volume: [volume] };
      const [container] = await rawDocker().listContainers({ filters });
      const ended = rawDocker()
        .getContainer(container?.Id ?? '')
        .wait();
      await engine.cut();
      // No connection of the engine ends meanwhile.
      await ended;
      expect(await closed, stderr).toBe(16);
      expect(stderr).toMatch(/warning: failed to remove the containers and the work volume of the build: /);
      const dryRun = [program, '--dry-run', '--base', base, '--tree', tree, 'test-fault/hangs'];
      // The next run on the engine removes what is left: this one, or that of another test.
      await runProgram(process.execPath, dryRun, {});
      await untilRemoved(() => workOf(builder.pid ?? 0));
    } finally {
      await gone(rawDocker().getVolume(tree).remove());
    }
  });
});
