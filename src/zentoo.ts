import { endProcess } from './program.ts';
import { runZentoo } from './run-zentoo.ts';

// The bundle is CommonJS, which has no top-level await.
void runZentoo(process.argv.slice(2), process).then((status) => {
  process.exitCode = status;
  endProcess(process);
});
