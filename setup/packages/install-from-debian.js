import { Failure } from '../failure.js';
import { isDebian } from '../engine/install-engine.js';
import { doStep } from '../process/step.js';

/**
 * Installs a package of Debian, as root on Debian.
 * @param {string} name
 * @param {string} hint for machines that are not Debian, and for users who are not root
 */
export async function installFromDebian(name, hint) {
  if (!isDebian() || process.getuid?.() !== 0) throw new Failure(`find ${name}`, 'it is not installed', { hint });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await doStep(
    `install ${name} from Debian`,
    `install-${name}`,
    async (run) => {
      await run('apt-get', ['update'], { env });
      await run('apt-get', ['install', '--yes', '--no-install-recommends', name], { env });
    },
    'check that a Debian mirror is reachable: run `apt-get update`',
  );
}
