import { crossObstacle, crossSettings, nativeSettings } from '../../portage/cross-root.ts';
import { Failure } from '../../failure.ts';
import type { Tuple } from '../../site/site.ts';
import type { Partition } from '../../store/partition.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { linkRepositoriesCommand } from '../cross-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { readPortageSettings, type EmergeAbilities } from '../portage-settings.ts';
import { runCommand } from '../../engine/run-command.ts';
import { earlyHooks } from './hook-digest.ts';
import { extendMakeConf, installConfiguration, writeMakeConf, type Configuration } from './install-configuration.ts';
import { resolveNative } from './resolve-native.ts';
import { placeOf } from './root-place.ts';

/** A root with its configuration. */
export interface PreparedRoot extends EmergeAbilities {
  readonly partition: Partition;
}

/**
 * Gives a root in a container of its stage the branch's /etc/portage, the settings of the cpu, with real flags for `native`, and the PKGDIR that these
 * come to. Where the stage compiles for another CHOST its own /etc/portage stays what it is, but for where it keeps what it
 * compiles for itself.
 */
export async function prepareRoot(
  context: BuildContext,
  container: BuildContainer,
  tuple: Tuple,
): Promise<PreparedRoot> {
  const { portage, buildhooks } = tuple;
  const cpu = await resolveNative(context, container, tuple.cpu);
  const place = placeOf(tuple);
  const extra = tuple.cross ? await prepareStage(context, container, tuple) : {};
  const configuration: Configuration = {
    directory: place.configuration,
    entries: portage.entries,
    cpu,
    variables: extra,
  };
  await installConfiguration(context, container, configuration);
  if (place.links.length > 0)
    await runCommand(context.engine, container.id, { command: linkRepositoriesCommand(place.links) });
  const key = { cpu: cpu.name, hooks: earlyHooks(buildhooks) };
  const { environment } = place;
  const settings = await readPortageSettings(context, container, { key, environment });
  const { partition, observable, measuresSpace } = settings;
  const variables = { ...extra, PKGDIR: `${defaultTarget('binpkgs')}/${partition}` };
  await writeMakeConf(context, container, { ...configuration, variables });
  return { partition, observable, measuresSpace };
}

/** Lets the stage's own Portage keep its packages apart; answers with what the root's make.conf has to say besides. */
async function prepareStage(
  context: BuildContext,
  container: BuildContainer,
  { cpu }: Tuple,
): Promise<Readonly<Record<string, string>>> {
  const { partition } = await readPortageSettings(context, container);
  const stageChost = partition.slice(0, partition.indexOf('/'));
  const obstacle = crossObstacle(stageChost, cpu.chost);
  if (obstacle !== undefined)
    throw new Failure('cpu-unusable', `failed to use the cpu ${cpu.name} for a cross build: ${obstacle}`, {
      hint: 'leave cross: true out of the tuple',
    });
  const paths = {
    pkgdir: `${defaultTarget('binpkgs')}/${partition}`,
    distdir: defaultTarget('distfiles'),
    logdir: container.log.directory,
  };
  await extendMakeConf(context, container, nativeSettings(paths));
  return crossSettings(stageChost);
}
