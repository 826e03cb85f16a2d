import { setTimeout as delay } from 'node:timers/promises';

import { contractScripts, describeEngineContract } from '../../support/engine-contract.ts';
import type { ExecScript } from '../../support/fake-engine-execs.ts';
import { fakeFiles } from '../../support/fake-engine-files.ts';
import { FakeEngine } from '../../support/fake-engine.ts';

/** Plays the scripts of the contract suite. */
const playContract: ExecScript = async (_container, request, streams) => {
  switch (request.command[2]) {
    case contractScripts.outputAndCode:
      return { stdout: 'one\n', stderr: 'two\n', exitCode: 3 };
    case contractScripts.environment:
      return { stdout: `${request.environment?.['CONTRACT']} in ${request.workingDirectory}\n` };
    case contractScripts.echoLine: {
      for await (const line of streams.input) return { stdout: `got ${line.toString()}` };
      return { exitCode: 1 };
    }
    case contractScripts.sleepThenCode:
      await delay(50);
      return { exitCode: 5 };
    case contractScripts.printThenSleep:
    case contractScripts.sleepLong:
      if (request.command[2] === contractScripts.printThenSleep) streams.print('stdout', 'started\n');
      await new Promise((resolve) => streams.stopped.addEventListener('abort', resolve));
      return { exitCode: 137 };
    case undefined:
    default:
      throw new Error('executable file not found');
  }
};

describeEngineContract('in memory', async () => {
  const engine = new FakeEngine();
  engine.onExec = playContract;
  engine.onMain = ({ spec }) => (spec.command[2] === contractScripts.exitAtOnce ? 4 : undefined);
  engine.addImage('contract-base', {
    labels: { 'base.label': 'kept' },
    entrypoint: ['/bin/echo', 'entry'],
    volumes: ['/declared'],
    files: fakeFiles({ '/bin/sh': 'a shell', '/bin/link-to-sh': '-> sh' }),
  });
  return await Promise.resolve({
    engine,
    image: 'contract-base',
    [Symbol.asyncDispose]: async () => await Promise.resolve(engine[Symbol.dispose]()),
  });
});
