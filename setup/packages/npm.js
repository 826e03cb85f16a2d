import { runCommand } from '../process/run-command.js';

/**
 * Runs the npm that started this program with the same Node, or else the npm on the path.
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export function runNpm(args, cwd) {
  const own = process.env['npm_execpath'];
  if (own?.endsWith('.js') === true) return runCommand(process.execPath, [own, ...args], { cwd });
  return runCommand('npm', args, { cwd });
}
