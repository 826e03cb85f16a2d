import { emergeEnvironment } from '../../portage/emerge-command.ts';
import type { Tuple } from '../../site/site.ts';
import { siteSets } from '../../site/site-sets.ts';
import { workDirectory, type BuildContainer } from '../build-container.ts';
import { mergeCommand, underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { readPortageSettings } from '../portage-settings.ts';
import { runEmerge } from '../run-emerge.ts';
import { installConfiguration, installSets } from './install-configuration.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import { resolveProtected } from './protected-files.ts';
import { hookParts, runHook } from './run-hook.ts';
import type { SiteRun } from './site-run.ts';

/**
 * Assembles a tuple's root in a clean container of its stage, from binary packages alone: nothing is compiled, whatever is
 * missing. Ends with `package-missing` and their names where something of the set is not in the store.
 */
export async function assembleRoot(
  run: SiteRun,
  tuple: Tuple,
  { partition }: Buildmaster,
  container: BuildContainer,
): Promise<void> {
  const pkgdir = `${defaultTarget('binpkgs')}/${partition}`;
  await installConfiguration(run, container, { entries: tuple.portage.entries, cpu: tuple.cpu, pkgdir });
  await installSets(run, container, siteSets(run.site, tuple));
  await runHook(run, container, 'assemble', hookParts(run.site, tuple, 'tuple'));
  const { observable } = await readPortageSettings(run, container);
  await runEmerge(run, container, {
    name: 'emerge-assemble',
    step: 'assemble',
    command: mergeCommand(workDirectory, underLock('shared', container.trees, assembleCommand(tuple))),
    environment: emergeEnvironment({
      observability: observable,
      distdir: defaultTarget('distfiles'),
      logdir: container.log.directory,
    }),
    watch: observable,
    silenceTimeout: undefined,
  });
  await resolveProtected(run, container, tuple);
  await runHook(run, container, 'finish', hookParts(run.site, tuple, 'tuple'));
}

function assembleCommand({ packages }: Tuple): readonly string[] {
  return [
    'emerge',
    '--quiet=y',
    '--ask=n',
    '--usepkgonly',
    // FEATURES=getbinpkg would let it take packages of a remote host otherwise.
    '--getbinpkg=n',
    // --usepkgonly switches this off unless it is said; emerge(1).
    '--binpkg-respect-use=y',
    '--update',
    '--deep',
    '--newuse',
    '--rebuilt-binaries',
    '--color=n',
    '@system',
    `@${packages.name}`,
  ];
}
