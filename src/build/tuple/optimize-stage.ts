import type { Atom, SetName } from '../../portage/atom.ts';
import type { Tuple } from '../../site/site.ts';
import { programCommand } from '../../store/portage-program.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { underLock } from '../job-scripts.ts';
import { runCommand } from '../../engine/run-command.ts';
import { emergeInRoot } from './emerge-in-root.ts';
import type { Share } from './machine-share.ts';
import { withOwnSettings } from './prepare-compiler.ts';
import type { PreparedRoot } from './prepare-root.ts';

/** The root of a tuple's buildmaster. */
export interface BuildmasterRoot extends PreparedRoot {
  readonly tuple: Tuple;
  readonly share: Share;
}

/**
 * Compiles what the stage is to be optimized in anew into the store and into the container: all of @system, or its libc,
 * binutils and gcc. What the store has already is not compiled again. A tool chain that is not Portage's is left alone, and
 * said so. The root of a cross build has nothing in it yet, and its @system is compiled with every set.
 */
export async function optimizeStage(
  context: BuildContext,
  container: BuildContainer,
  root: BuildmasterRoot,
): Promise<void> {
  const { tuple } = root;
  const { optimize } = tuple.stage;
  if (optimize === 'none') return;
  if (tuple.cross) {
    if (optimize === 'toolchain') await sayLeftAlone(context, container, ['the cross compiler']);
    return;
  }
  const packages = optimize === 'system' ? ['@system' as SetName] : await findToolchain(context, container);
  if (packages.length === 0) return;
  const { share } = root;
  await withOwnSettings(context, container, root, () =>
    emergeInRoot(context, container, {
      ...root,
      name: 'emerge-optimize',
      step: 'buildmaster',
      options: [
        ...(optimize === 'system' ? ['--emptytree'] : ['--oneshot']),
        '--usepkg=y',
        '--getbinpkg=n',
        '--binpkg-respect-use=y',
        `--load-average=${share.load}`,
      ],
      jobs: share.jobs,
      packages,
    }),
  );
}

/** The packages of the tool chain that Portage can build; one that it takes as provided, or does not know, is not its own. */
async function findToolchain(context: BuildContext, container: BuildContainer): Promise<readonly Atom[]> {
  const command = underLock('shared', container.trees, programCommand('toolchain'));
  const { stdout } = await runCommand(context.engine, container.id, { command });
  const { own, others } = JSON.parse(stdout) as { own: readonly Atom[]; others: readonly string[] };
  await sayLeftAlone(context, container, others);
  return own;
}

async function sayLeftAlone(
  { report }: BuildContext,
  { base }: BuildContainer,
  packages: readonly string[],
): Promise<void> {
  if (packages.length === 0) return;
  const are = packages.length === 1 ? 'is' : 'are';
  await report({
    type: 'note',
    message: `optimize: toolchain: ${packages.join(', ')} of ${base} ${are} not Portage's to build, and left as they are`,
  });
}
