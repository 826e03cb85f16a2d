import { endProcess } from './program.ts';
import { runGentooBuilder } from './run-gentoo-builder.ts';

// The bundle is CommonJS, which has no top-level await.
void runGentooBuilder(process.argv.slice(2), process).then((status) => {
  process.exitCode = status;
  endProcess(process);
});
