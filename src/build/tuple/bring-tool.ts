import { runCommand } from '../../engine/run-command.ts';
import type { Step } from '../../report/event.ts';
import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { readPortageSettings } from '../portage-settings.ts';
import { binaryOptions } from './binary-options.ts';
import { emergeInRoot } from './emerge-in-root.ts';

/** What compiles faster, and is not part of any root: it goes with the container that it is brought to. */
const tools = { distcc: 'sys-devel/distcc', ccache: 'dev-util/ccache' } as const;

export type Tool = keyof typeof tools;

/**
 * Emerges a tool in a container of a buildmaster where that has none: compiled once into the store, from there ever after.
 * It is for the stage, which compiles, also where the root is another one.
 */
export async function bringTool(
  context: BuildContext,
  container: BuildContainer,
  { tuple, tool, step }: { readonly tuple: Tuple; readonly tool: Tool; readonly step: Step },
): Promise<void> {
  const command = ['/bin/sh', '-c', 'command -v "$1"', 'zentoo-tool', tool];
  const { exitCode } = await runCommand(context.engine, container.id, { command });
  if (exitCode === 0) return;
  const { observable, measuresSpace } = await readPortageSettings(context, container);
  await emergeInRoot(context, container, {
    tuple,
    name: `emerge-${tool}`,
    step,
    options: ['--oneshot', ...binaryOptions],
    packages: [tools[tool]],
    observable,
    measuresSpace,
    environment: {},
  });
}
