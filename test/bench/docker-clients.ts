import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fetchedPlace } from '../../setup/packages/compose.js';
import { timeCommand } from './time-command.ts';

/** A `docker` command that builds with BuildKit. */
export interface DockerClient {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  /** With its version, as a row names it. */
  readonly name: string;
}

/**
 * The available clients of two kinds: docker 23 and later, which build with a plugin, and earlier clients, which build without
 * one.
 */
export interface DockerClients {
  readonly buildx: DockerClient | undefined;
  readonly earlier: DockerClient | undefined;
}

/** The first of each kind on the path; a plugin is the machine's own, or the one that set-up has fetched. */
export async function findDockerClients(): Promise<DockerClients> {
  const { stdout } = await timeCommand('which', ['-a', 'docker']);
  const commands = [
    ...new Set(
      stdout
        .trim()
        .split('\n')
        .map((path) => realpathSync(path)),
    ),
  ];
  const environments = [process.env, { ...process.env, DOCKER_CONFIG: join(fetchedPlace('2'), 'config') }];
  let buildx: DockerClient | undefined;
  let earlier: DockerClient | undefined;
  for (const command of commands) {
    const version = /(\d+)\.\d+\.\d+/.exec(await askVersion(command, ['--version'], process.env));
    if (Number(version?.[1]) < 23)
      earlier ??= { command, env: { ...process.env, DOCKER_BUILDKIT: '1' }, name: `docker ${version?.[0]}` };
    for (const env of Number(version?.[1]) < 23 ? [] : environments) {
      const plugin = /\d+\.\d+\.\d+/.exec(await askVersion(command, ['buildx', 'version'], env))?.[0];
      if (plugin !== undefined) buildx ??= { command, env, name: `docker ${version?.[0]} with buildx ${plugin}` };
    }
  }
  return { buildx, earlier };
}

/** Undefined if the client does not tell it. */
async function askVersion(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return timeCommand(command, args, { env }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
