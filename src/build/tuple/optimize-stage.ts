import { emergeEnvironment } from '../../portage/emerge-command.ts';
import type { Optimize } from '../../site/site.ts';
import { programCommand } from '../../store/portage-program.ts';
import { workDirectory, type BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { mergeCommand, underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import type { PortageSettings } from '../portage-settings.ts';
import { runCommand } from '../run-command.ts';
import { runEmerge } from '../run-emerge.ts';

/** What is compiled anew, and how Portage is there. */
export interface Optimization {
  readonly optimize: Optimize;
  readonly settings: PortageSettings;
}

/**
 * Compiles what the stage is optimized in anew into the store and into the container: all of @system, or its libc, binutils
 * and gcc. What the store has already is not compiled again. A tool chain that is not Portage's is left alone, and said so.
 */
export async function optimizeStage(
  context: BuildContext,
  container: BuildContainer,
  { optimize, settings }: Optimization,
): Promise<void> {
  if (optimize === 'none') return;
  const packages = optimize === 'system' ? ['@system'] : await findToolchain(context, container);
  if (packages.length === 0) return;
  const command = [
    'emerge',
    '--quiet=y',
    '--ask=n',
    ...(optimize === 'system' ? ['--emptytree'] : ['--oneshot']),
    '--usepkg=y',
    '--getbinpkg=n',
    '--binpkg-respect-use=y',
    '--color=n',
    ...packages,
  ];
  await runEmerge(context, container, {
    name: 'emerge-optimize',
    step: 'buildmaster',
    command: mergeCommand(workDirectory, underLock('shared', container.trees, command)),
    environment: emergeEnvironment({
      pkgdir: `${defaultTarget('binpkgs')}/${settings.partition}`,
      observability: settings.observable,
      distdir: defaultTarget('distfiles'),
      logdir: container.log.directory,
    }),
    watch: settings.observable,
    silenceTimeout: undefined,
  });
}

/** The packages of the tool chain that Portage can build; one that it takes as provided, or does not know, is not its own. */
async function findToolchain({ engine, report }: BuildContext, container: BuildContainer): Promise<readonly string[]> {
  const command = underLock('shared', container.trees, programCommand('toolchain'));
  const { stdout } = await runCommand(engine, container.id, { command });
  const { own, others } = JSON.parse(stdout) as { own: readonly string[]; others: readonly string[] };
  if (others.length > 0)
    await report({
      type: 'note',
      message: `${others.join(', ')} of ${container.base} ${others.length === 1 ? 'is' : 'are'} not Portage's to build: left as they are`,
    });
  return own;
}
