// Runs a command at its terminal in a container of its own, as zentoo's freshroot does: NAME COMMAND... Run by the tests.
import { createBuildLog } from '../../src/container/build-log.ts';
import { holdCommand } from '../../src/container/container-scripts.ts';
import { chooseMount } from '../../src/container/mounts.ts';
import { createSession } from '../../src/container/open-session.ts';
import { runShell } from '../../src/terminal/run-shell.ts';
import { openTerminal } from '../../src/terminal/terminal.ts';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import { Failure, failuresOf } from '../../src/failure.ts';
import { chooseReport } from '../../src/report/choose-report.ts';
import { stage } from './real-engine/real-engine.ts';

const [name = '', ...command] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => stop.abort(new Failure('terminated', `terminated by ${signal}`)));

const { stderr } = process;
const program = { name: 'shell-program', version: '0' };
const report = await chooseReport({
  progress: 'auto',
  logFormat: 'text',
  stderr,
  environment: { TERM: 'xterm', NO_COLOR: '1' },
  program,
});
const engine = await connectEngine(process.env);
const id = await engine.createContainer(name, {
  image: stage,
  command: holdCommand(),
  mounts: [],
  init: true,
  openStdin: true,
});
try {
  const hold = await engine.holdStdin(id);
  await engine.startContainer(id);
  await report({ type: 'step-started', step: 'start', detail: 'a step that lasts' });
  const terminal = openTerminal(process, process.env);
  const context = { engine, report, signal: stop.signal, self: undefined };
  const log = createBuildLog(chooseMount('logs', undefined, undefined), name);
  const workspace = { run: name, volume: name };
  const session = createSession(context, { id, workspace, base: stage, trees: ['/'], hold, log });
  process.exitCode = await runShell(session, { terminal, command });
  hold.close();
} catch (error) {
  const [failure] = failuresOf(error);
  if (failure === undefined) throw error;
  await report({ type: 'failed', failures: [failure] });
  process.exitCode = failure.exitStatus;
} finally {
  await engine.removeContainer(id);
  await report.close();
}
