import { Failure } from '../../failure.ts';
import {
  mainRepositoryOf,
  parseRepositories,
  parseReposConf,
  type PortageConfiguration,
  type Repository,
} from '../../portage/configuration/repos-conf.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Base } from '../../container/base-image.ts';
import { withProbe, type Probe } from '../../container/probe.ts';
import type { Workspace } from '../../container/workspace.ts';
import { readMakeConf } from '../../portage/configuration/make-conf.ts';
import type { Remark } from '../../portage/configuration/make-conf-tokens.ts';
import { readBaseEnv } from './base-env.ts';
import { refuseBaseFaults, type BaseOptions } from './base-faults.ts';
import { readBaseMakeConf } from './make-conf.ts';
import { readDirectory, readSettingFiles, type SettingsDirectory } from './setting-files.ts';

/** The facts that gentoo-builder reads from a base's configuration files before it starts a container from the base. */
export interface BaseSystem {
  /** The main ebuild repository: its location in the base and its sync type. */
  readonly repository: Repository;
  /** Whether a sync also updates other repositories of the base. */
  readonly otherSyncs: boolean;
  /** Every path at which the tree is mounted: first the location of the repository. The profile of a base may be below another path. */
  readonly treeTargets: readonly [string, ...string[]];
  /** Settings of make.conf that Portage takes for empty. */
  readonly notes: readonly Remark[];
}

/**
 * Reads the Portage configuration of the base image, with the make.conf of the user. Refuses a base without `emerge`, a make.conf or
 * a file of package.env at which emerge would fail, and default options with which emerge would not install the packages.
 */
export async function inspectBaseSystem(
  engine: Engine,
  workspace: Workspace,
  base: Base,
  { given, emergeOptions }: BaseOptions,
): Promise<BaseSystem> {
  return withProbe(engine, workspace, { image: base.image?.id ?? base.name, mounts: [] }, async (probe) => {
    const [hasEmerge, own] = await Promise.all([probe.exists('/usr/bin/emerge'), readDirectory(probe, '/etc/portage')]);
    if (!hasEmerge) {
      throw new Failure('base-unusable', `failed to use the base ${base.name}: it has no emerge (/usr/bin/emerge)`, {
        hint: 'name an image that has Portage: --base gentoo/stage3:latest, or --base gentoo-base',
      });
    }
    const reposConf = await textsOf(probe, own, 'repos.conf');
    const made = await readBaseMakeConf(probe, own, { base: base.name, given });
    const { variables, remarks } = await readBaseEnv(probe, own, made.variables);
    refuseBaseFaults({ variables, remarks, inUserFile: made.inUserFile }, base, { given, emergeOptions });
    const notes = [...made.notes, ...remarks];
    const portdir = variables.get('PORTDIR')?.value;
    const configured = parseReposConf(reposConf);
    // Portage's defaults matter only if the base's own configuration is incomplete.
    if (configured?.location && configured.syncType) return systemOf({ reposConf, portdir }, notes);
    const shipped = await readDirectory(probe, '/usr/share/portage/config');
    const globals = await readSettingFiles(probe, shipped, 'make.globals');
    return systemOf(
      {
        reposConf: [...(await textsOf(probe, shipped, 'repos.conf')), ...reposConf],
        portdir: portdir || readMakeConf(globals).variables.get('PORTDIR')?.value,
      },
      notes,
    );
  });
}

function systemOf(configuration: PortageConfiguration, notes: readonly Remark[]): BaseSystem {
  const repository = mainRepositoryOf(configuration);
  const others = (parseRepositories(configuration.reposConf) ?? []).filter(({ name }) => name !== repository.name);
  const inReposConf = mainRepositoryOf({ ...configuration, portdir: undefined }).location;
  return {
    repository,
    otherSyncs: others.some(({ syncType, autoSync }) => syncType !== '' && autoSync),
    treeTargets: [repository.location, ...(inReposConf === repository.location ? [] : [inReposConf])],
    notes,
  };
}

async function textsOf(probe: Probe, directory: SettingsDirectory, name: string): Promise<readonly string[]> {
  return (await readSettingFiles(probe, directory, name)).map(({ text }) => text);
}
