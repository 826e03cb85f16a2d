import type { ExecRequest } from '../../../src/engine/execs.ts';
import { commandsIn } from '../../../src/engine/run-command.ts';
import { parsePartition } from '../../../src/store/partition.ts';
import type { StoreMount } from '../../../src/store/portage-program.ts';
import type { ExecResult } from '../../support/fake-engine/fake-engine-execs.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';

export const partition = parsePartition('x86_64-pc-linux-gnu/generic/default-0123456789ab');

/** A store in a container whose programs print these outputs, one after another; `ran` has what was run. */
export async function storeSaying(...outputs: readonly ExecResult[]) {
  const engine = new FakeEngine();
  const ran: ExecRequest[] = [];
  const left = [...outputs];
  engine.onExec = (_container, request) => {
    ran.push(request);
    return left.shift() ?? {};
  };
  engine.addImage('base');
  const container = await engine.createContainer('x', { image: 'base', command: ['sh'], mounts: [] });
  await engine.startContainer(container);
  if (partition === undefined) throw new Error('no partition');
  const store: StoreMount = { ...commandsIn(engine, container), partition };
  return { store, ran };
}
