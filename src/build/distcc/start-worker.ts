import { EngineRefusal, type ContainerId } from '../../engine/engine.ts';
import { runCommand } from '../../engine/run-command.ts';
import { Failure } from '../../failure.ts';
import { workerBuildmasterLabel, workerLabel, workerLog, workerNetwork, workerSlotsLabel } from './distcc-names.ts';
import type { SiteRun } from '../tuple/site-run.ts';
import { readWorkerLog } from './worker-log.ts';

const serveScript = `
log=$1 slots=$2
shift 2
list=/etc/zentoo-distcc-compilers
for name in gcc g++ cc c++ clang clang++; do
  for path in /usr/bin/$name /usr/bin/*-$name; do
    [ -x "$path" ] && echo "$path"
  done
done >"$list"
export DISTCC_CMDLIST="$list"
exec distccd --no-detach --daemon --user nobody --jobs "$slots" --log-stderr --log-level notice "$@" 2>>"$log"
`;

const readyScript = `
tries=0
until grep -qi ':0E30 [0-9A-F]*:0000 0A ' /proc/net/tcp /proc/net/tcp6; do
  [ "$((tries += 1))" -gt 300 ] && exit 1
  sleep 0.1
done
`;

/** A worker that is to be. */
export interface WorkerRequest {
  readonly name: string;
  readonly buildmaster: string;
  /** The name of its image. */
  readonly image: string;
  /** How many compilers it runs at once. */
  readonly slots: number;
  /** Whom it compiles for: the subnets of the site's network. */
  readonly allowed: readonly string[];
}

/**
 * Starts a worker, which lives until it is removed, and waits until it serves. It mounts nothing, is in the site's network
 * of workers alone, and runs the stage's compilers as an ordinary user, and no other program, for whoever is in that network.
 */
export async function startWorker(run: SiteRun, request: WorkerRequest): Promise<ContainerId> {
  const { engine, site } = run;
  const { name, buildmaster, image, slots, allowed } = request;
  const id = await engine.createContainer(name, {
    image,
    command: [
      ...['/bin/sh', '-c', serveScript, 'zentoo-distccd', workerLog, String(slots)],
      ...allowed.flatMap((subnet) => ['--allow', subnet]),
    ],
    mounts: [],
    labels: {
      [workerLabel]: site.name,
      [workerBuildmasterLabel]: buildmaster,
      [workerSlotsLabel]: String(slots),
    },
    init: true,
    network: workerNetwork(site),
    memory: site.limits.memory,
    cpus: site.limits.cpus,
  });
  try {
    await engine.startContainer(id);
    if (await isServing(run, id)) return id;
    const logTail = (await readWorkerLog(engine, id)).split('\n').slice(-20);
    throw new Failure('container-lost', `failed to start the distcc worker ${name}: its distccd does not serve`, {
      logTail,
      hint: `see what distccd --version says in a container of ${image}`,
    });
  } catch (error) {
    await engine.removeContainer(id);
    throw error;
  }
}

async function isServing({ engine }: Pick<SiteRun, 'engine'>, id: ContainerId): Promise<boolean> {
  try {
    const { exitCode } = await runCommand(engine, id, { command: ['/bin/sh', '-c', readyScript] });
    return exitCode === 0;
  } catch (error) {
    // 409: it has ended.
    if (error instanceof EngineRefusal && error.status === 409) return false;
    throw error;
  }
}
