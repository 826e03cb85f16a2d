import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { EngineFlavour } from '../../../src/engine/engine.ts';
import { contractScripts } from '../../support/engine-contract.ts';
import type { ExecScript } from '../../support/fake-engine/fake-engine-execs.ts';
import { fakeFiles } from '../../support/fake-engine/fake-engine-files.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';

/** Plays the scripts of the contract suite. */
const playContract: ExecScript = async (container, request, streams) => {
  switch (request.command[2]) {
    case contractScripts.outputAndCode:
      return { stdout: 'one\n', stderr: 'two\n', exitCode: 3 };
    case contractScripts.environment:
      return { stdout: `${request.environment?.['CONTRACT']} in ${request.workingDirectory}\n` };
    case contractScripts.echoLine: {
      for await (const line of streams.input) return { stdout: `got ${line.toString()}` };
      return { exitCode: 1 };
    }
    case contractScripts.copyInput:
      return { stdout: `${(await buffer(streams.input)).toString()}whole\n` };
    case contractScripts.countInput:
      return { stdout: `${(await buffer(streams.input)).length}\n` };
    case contractScripts.terminal:
      return request.tty === true ? { stderr: 'a terminal\r\n' } : { exitCode: 1 };
    case contractScripts.terminalSize: {
      for await (const line of streams.input) {
        const size = streams.sizes.at(-1);
        return { stdout: `${line.toString().trim()}\r\n${size?.rows ?? 0} ${size?.columns ?? 0}\r\n` };
      }
      return { exitCode: 1 };
    }
    case contractScripts.echoKeys: {
      streams.print('stdout', 'ready\n');
      let keys = '';
      for await (const key of streams.input) if ((keys += key.toString()).length === 12) break;
      return { stdout: `${[...keys].map(describeKey).join('')}\n` };
    }
    case contractScripts.endTheWait:
      for (const [path, file] of fakeFiles({ '/go': '' })) container.files.set(path, file);
      return {};
    case contractScripts.waitThenCode:
      while (!streams.stopped.aborted && !container.files.has('/go')) await nextTurn();
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

/** Formats bytes as `od -An -c` prints them. */
function describeKey(key: string): string {
  return key < ' ' ? ` ${key.charCodeAt(0).toString(8).padStart(3, '0')}` : key.padStart(4);
}

/** An engine in memory with the image and the programs of the contract suite. */
export function contractEngine(flavour: EngineFlavour = 'docker'): FakeEngine {
  const engine = new FakeEngine();
  engine.flavour = flavour;
  engine.onExec = playContract;
  engine.onMain = ({ spec }) => (spec.command[2] === contractScripts.exitAtOnce ? 4 : undefined);
  engine.addImage('contract-base', {
    labels: { 'base.label': 'kept' },
    entrypoint: ['/bin/echo', 'entry'],
    volumes: ['/declared'],
    files: fakeFiles({ '/bin/sh': 'a shell', '/bin/link-to-sh': '-> sh' }),
  });
  return engine;
}
