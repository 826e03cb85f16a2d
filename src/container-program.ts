import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * The command of a shell program that runs in a container. The program is a `*.sh` file beside the module that uses it, in
 * POSIX sh, and uses only tools of every Gentoo stage (coreutils, findutils, util-linux). Of several files, the first ones
 * define functions for the last one. Each value reaches the program as an argument, never in its text.
 *
 * The text of the file is an argument, too, so nothing is copied into the container. setup/bundle.js puts the files beside
 * the bundle.
 *
 * @param name the program's `$0`; messages of the shell and process lists show it
 */
export function shellProgram(files: URL | readonly URL[], name: string, ...args: readonly string[]): readonly string[] {
  const text = [files].flat().map(readProgram).join('');
  return ['/bin/sh', '-c', text, name, ...args];
}

/**
 * The command of a Python program that runs in a container. The program is a `*.py` file: see {@link shellProgram}. Of several
 * files, the first ones are modules that the last one imports.
 */
export function pythonProgram(files: URL | readonly URL[], ...args: readonly string[]): readonly string[] {
  const all = [files].flat();
  const modules = all.slice(0, -1).map(readModule).join('');
  return ['python3', '-I', '-c', `${modules}${all.slice(-1).map(readProgram).join('')}`, ...args];
}

/** Returns Python source that defines a module with the name and the content of a file. Every JSON string is a Python string. */
function readModule(file: URL): string {
  const name = JSON.stringify(basename(file.pathname, '.py'));
  return `import sys; sys.modules[${name}] = type(sys)(${name}); exec(${JSON.stringify(readProgram(file))}, vars(sys.modules[${name}]))\n`;
}

/** The text of a program's file. */
export function readProgram(file: URL): string {
  return readFileSync(file, 'utf8');
}
