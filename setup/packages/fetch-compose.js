import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAptConfiguration } from '../images/apt-configuration.js';
import { fetchableGenerations, fetchedPlace, findComposes } from './compose.js';
import { Failure } from '../failure.js';
import { withLock } from '../process/lock.js';
import { PROJECT } from '../places.js';
import { runCommand } from '../process/run-command.js';
import { doStep } from '../process/step.js';

/** @typedef {import('./compose.js').Generation} Generation */
/** @typedef {import('../process/step.js').LoggedCommand} LoggedCommand */

/** The first Debian release with the second generation. Its program needs only a C library of 2022 or later. */
const SUITE_OF_2 = 'trixie';
/** The plugin that docker 23 and later use for builds; the benchmark compares with it. */
const BUILDX = 'docker-buildx';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PYTHON = '/usr/bin/python3';
/** apt's own user may have no access to the project's directory. */
const ROOT_ONLY = ['--option', 'APT::Sandbox::User=root'];
const HINT = 'check that a Debian mirror is reachable: run `apt-get update`';

/** @type {Record<Generation, (run: LoggedCommand, directory: string) => Promise<void>>} */
const FETCHERS = { 1: fetchFirst, 2: fetchSecond };

/**
 * Fetches the missing generations of compose from Debian and unpacks them beside the dependencies, on Debian and as root. It
 * does not install them. On other machines it does nothing.
 * @returns {Promise<void>}
 */
export function ensureComposes() {
  return withLock(`compose ${PROJECT}`, async () => {
    const fetchable = fetchableGenerations();
    if (fetchable.length === 0) return;
    const found = await findComposes(process.env);
    for (const generation of fetchable) if (!found.has(generation)) await fetchCompose(generation);
  });
}

/** @param {Generation} generation */
async function fetchCompose(generation) {
  const directory = fetchedPlace(generation);
  const title = `fetch docker compose ${generation} from Debian`;
  await doStep(
    title,
    `compose-${generation}`,
    async (run) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(join(directory, 'archives/partial'), { recursive: true });
      mkdirSync(join(directory, 'lists/partial'), { recursive: true });
      await FETCHERS[generation](run, directory);
      for (const name of readdirSync(join(directory, 'archives')).filter((name) => name.endsWith('.deb')))
        await run('dpkg-deb', ['--extract', join(directory, 'archives', name), join(directory, 'root')]);
      for (const used of ['archives', 'lists']) rmSync(join(directory, used), { recursive: true });
    },
    HINT,
  );
  if ((await findComposes(process.env)).has(generation)) return;
  throw new Failure(title, `the program in ${directory} does not print its version`, {
    hint: 'install docker compose by hand',
  });
}

/** With the Python modules that this machine does not have. @type {(typeof FETCHERS)['1']} */
async function fetchFirst(run, directory) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { stdout: candidate } = await runCommand('apt-cache', ['show', '--no-all-versions', 'docker-compose']);
  if (candidate === '') await run('apt-get', ['update']);
  const install = ['install', '--yes', '--no-install-recommends'];
  if (!existsSync(PYTHON)) await run('apt-get', [...install, 'python3'], { env });
  const options = ['--option', `Dir::Cache::archives=${join(directory, 'archives')}`, ...ROOT_ONLY];
  await run('apt-get', [...install, '--download-only', ...options, 'docker-compose'], { env });
}

/** From a newer Debian, which apt is told of for this one command. @type {(typeof FETCHERS)['2']} */
async function fetchSecond(run, directory) {
  const configuration = await readAptConfiguration();
  if (configuration === undefined)
    throw new Failure('fetch docker compose 2', "apt's configuration has no Debian mirror");
  const sources = join(directory, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${configuration.mirror} ${SUITE_OF_2} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(directory, 'lists'),
    'Dir::Cache': directory,
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['--option', `${name}=${value}`]);
  await run('apt-get', ['update', ...options, ...ROOT_ONLY]);
  await run('apt-get', ['download', ...options, ...ROOT_ONLY, 'docker-compose', BUILDX], {
    cwd: join(directory, 'archives'),
  });
  const plugins = join(directory, 'config/cli-plugins');
  mkdirSync(plugins, { recursive: true });
  for (const plugin of ['docker-compose', BUILDX])
    symlinkSync(`../../root/usr/libexec/docker/cli-plugins/${plugin}`, join(plugins, plugin));
}
