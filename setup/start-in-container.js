import { liveTerminal } from './engine/builder-arguments.js';
import { findEngine } from './engine/engine.js';
import { reportFailure } from './failure.js';
import { runContainer } from './engine/run-container.js';
import { zentooCommand } from './engine/zentoo-arguments.js';

/**
 * `./zentoo build --swarm` after set-up: runs zentoo in the image gentoo-builder, with the site, user, terminal, signals and exit
 * status of this process.
 * @param {readonly string[]} args
 * @returns {Promise<number>} zentoo's exit status
 */
async function start(args) {
  const engine = await findEngine();
  const command = zentooCommand(args, engine, {
    env: process.env,
    directory: process.cwd(),
    terminal: liveTerminal(process.stderr, process.env),
    user: callingUser(),
  });
  return runContainer(engine, command);
}

/** The user of this process; undefined for root. */
function callingUser() {
  const { getuid, getgid, getgroups } = process;
  if (getuid === undefined || getgid === undefined || getgroups === undefined || getuid() === 0) return undefined;
  return { uid: getuid(), gid: getgid(), groups: [getgid(), ...getgroups()] };
}

process.exitCode = await start(process.argv.slice(2)).catch(reportFailure);
