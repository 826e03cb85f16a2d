import { emergeCommand, emergeEnvironment } from '../portage/emerge-command.ts';
import { workDirectory, type BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { BuildContext } from './context.ts';
import { mergeCommand, underLock } from './job-scripts.ts';
import { defaultTarget } from './mounts.ts';
import { readPortageSettings, type PortageSettings } from './portage-settings.ts';
import { runEmerge } from './run-emerge.ts';

/**
 * Emerges the packages under a shared lock of the tree and empties the temporary directory. Answers with what was
 * merged, `category/name-version` each, sorted.
 */
export async function emergePackages(
  request: BuildRequest,
  context: BuildContext,
  container: BuildContainer,
  known: PortageSettings | undefined,
): Promise<readonly string[]> {
  const settings = known ?? (await readPortageSettings(context, container));
  const command = emergeCommand({
    packages: request.packages,
    options: request.emergeOptions,
    jobs: request.jobs,
    binpkgs: request.binpkgs,
  });
  const environment = emergeEnvironment({
    pkgdir: request.binpkgs ? `${defaultTarget('binpkgs')}/${settings.partition}` : undefined,
    observability: settings.observable,
    distdir: defaultTarget('distfiles'),
    logdir: container.log.directory,
    use: request.use,
  });
  const { result } = await runEmerge(context, container, {
    name: 'emerge',
    step: 'emerge',
    command: mergeCommand(workDirectory, underLock('shared', container.trees, command)),
    environment,
    watch: settings.observable,
    silenceTimeout: request.silenceTimeout,
  });
  if (result.length === 0) {
    await context.report({
      type: 'warning',
      message: 'emerge merged nothing: the image has nothing that the base has not',
    });
  }
  return result.toSorted();
}
