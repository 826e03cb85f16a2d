import { Failure } from '../failure.ts';
import {
  mainRepositoryOf,
  parseRepositories,
  parseReposConf,
  type PortageConfiguration,
  type Repository,
} from '../portage/repos-conf.ts';
import type { Engine } from '../engine/engine.ts';
import type { Base } from './base-image.ts';
import { withProbe } from './probe.ts';
import type { Workspace } from './workspace.ts';

/** What a base says of itself before anything is started from it. */
export interface BaseSystem {
  /** Where its own Portage looks for the ebuild repository, and how that is synced. */
  readonly repository: Repository;
  /** Whether a sync moves other repositories of its as well. */
  readonly otherSyncs: boolean;
}

/** Looks into the base image: it has to have `emerge`, and its configuration says where the tree belongs. */
export async function inspectBaseSystem(engine: Engine, workspace: Workspace, base: Base): Promise<BaseSystem> {
  return withProbe(engine, workspace, { image: base.image?.id ?? base.name, mounts: [] }, async (probe) => {
    const [hasEmerge, own] = await Promise.all([probe.exists('/usr/bin/emerge'), probe.readTexts('/etc/portage')]);
    if (!hasEmerge) {
      throw new Failure('base-unusable', `failed to use the base ${base.name}: it has no emerge (/usr/bin/emerge)`, {
        hint: 'name an image with Portage in it: --base gentoo/stage3:latest, or gentoo-base',
      });
    }
    const reposConf = textsOf(own, 'repos.conf');
    const makeConf = textsOf(own, 'make.conf');
    const configured = parseReposConf(reposConf);
    // What is shipped matters only where the base's own configuration leaves something open.
    if (configured?.location && configured.syncType) {
      return systemOf({ reposConf, makeConf });
    }
    const shipped = await probe.readTexts('/usr/share/portage/config');
    return systemOf({
      reposConf: [...textsOf(shipped, 'repos.conf'), ...reposConf],
      makeConf: [...textsOf(shipped, 'make.globals'), ...makeConf],
    });
  });
}

function systemOf(configuration: PortageConfiguration): BaseSystem {
  const repository = mainRepositoryOf(configuration);
  const others = (parseRepositories(configuration.reposConf) ?? []).filter(({ name }) => name !== repository.name);
  return { repository, otherSyncs: others.some(({ syncType, autoSync }) => syncType !== '' && autoSync) };
}

/** The texts of a setting that is a file or a directory of files, in the order in which Portage reads them. */
function textsOf(files: ReadonlyMap<string, string>, name: string): readonly string[] {
  return [...files].filter(([path]) => path === name || path.startsWith(`${name}/`)).map(([, text]) => text);
}
