import { crossObstacle, crossSettings, nativeSettings } from '../../portage/cross-root.ts';
import { Failure } from '../../failure.ts';
import { readBranchMakeConf } from '../../site/branch-make-conf.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import type { Tuple } from '../../site/site.ts';
import type { Partition } from '../../store/partition.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { linkRepositoriesCommand } from '../../emerge/cross-scripts.ts';
import { defaultTarget } from '../../container/mounts.ts';
import { temporaryDirectory } from '../../container/work-directories.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import type { EmergeAbilities } from '../../portage/emerge-abilities.ts';
import { earlyHooks } from './hook-digest.ts';
import { extendMakeConf, installConfiguration, writeMakeConf, type Configuration } from './install-configuration.ts';
import { resolveNative } from './resolve-native.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** A root that is configured. */
export interface PreparedRoot extends EmergeAbilities {
  readonly partition: Partition;
}

/**
 * Configures a root in a container of its stage: installs the branch's /etc/portage and the CPU's settings (`native` becomes
 * real flags), and sets PKGDIR to the partition that follows from them. In a cross build the stage's own /etc/portage stays,
 * except for the directories of the packages that it compiles for itself.
 */
export async function prepareRoot(session: ContainerSession, { tuple, location }: TupleWork): Promise<PreparedRoot> {
  const { portage, buildhooks } = tuple;
  const cpu = await resolveNative(session, tuple.cpu);
  const extra = tuple.cross ? await prepareStage(session, tuple) : {};
  const configuration: Configuration = {
    directory: location.configuration,
    entries: portage.entries,
    cpu,
    variables: extra,
  };
  await installConfiguration(session, configuration);
  if (location.links.length > 0) await session.run({ command: linkRepositoriesCommand(location.links) });
  const key = { cpu: cpu.name, hooks: earlyHooks(buildhooks) };
  const { environment } = location;
  const settings = await readPortageSettings(session, { key, environment });
  const { partition, observable, measuresSpace } = settings;
  const places = placesOf(new BranchTree(portage.entries));
  const variables = { ...extra, ...places, PKGDIR: `${defaultTarget('binpkgs')}/${partition}` };
  await writeMakeConf(session, { ...configuration, variables });
  return { partition, observable, measuresSpace };
}

/**
 * The place where packages are built, if the make.conf of a branch may name another one: only this place is not on the container's
 * writable layer. It is no variable of the environment, which would override package.env.
 */
function placesOf(tree: BranchTree): Readonly<Record<string, string>> {
  const { variables, unread, linksOutside } = readBranchMakeConf(tree);
  const isUsual = !variables.has('PORTAGE_TMPDIR') && unread.length === 0 && linksOutside.length === 0;
  return isUsual ? {} : { PORTAGE_TMPDIR: temporaryDirectory };
}

/** Gives the stage's own Portage a separate partition. Returns the variables that the root's make.conf needs in addition. */
async function prepareStage(session: ContainerSession, { cpu }: Tuple): Promise<Readonly<Record<string, string>>> {
  const { partition } = await readPortageSettings(session);
  const stageChost = partition.slice(0, partition.indexOf('/'));
  const obstacle = crossObstacle(stageChost, cpu.chost);
  if (obstacle !== undefined)
    throw new Failure('cpu-unusable', `failed to use the cpu ${cpu.name} for a cross build: ${obstacle}`, {
      hint: 'remove cross: true from the tuple: the stage compiles for its own CHOST without it',
    });
  const paths = {
    pkgdir: `${defaultTarget('binpkgs')}/${partition}`,
    distdir: defaultTarget('distfiles'),
    logdir: session.log.directory,
  };
  await extendMakeConf(session, nativeSettings(paths));
  return crossSettings(stageChost);
}
