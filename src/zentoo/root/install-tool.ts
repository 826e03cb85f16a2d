import { composedArgument } from '../../portage/atom.ts';
import { shellProgram } from '../../container-program.ts';
import type { Step } from '../../report/event.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import { binaryOptions } from './binary-options.ts';
import { emergeInRoot } from './emerge-in-root.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** Packages of tools that speed up compiling. They are installed in a container, and are part of no root. */
const tools = { distcc: 'sys-devel/distcc', ccache: 'dev-util/ccache' } as const;

export type Tool = keyof typeof tools;

/**
 * Emerges a tool in a container of a buildmaster that does not have it. The tool is compiled once; later containers install it
 * from the store. It is always installed in the stage's own root (`/`), where the compilers are, also for a cross tuple.
 */
export async function installTool(
  session: ContainerSession,
  { work, tool, step }: { readonly work: TupleWork; readonly tool: Tool; readonly step: Step },
): Promise<void> {
  const command = shellProgram(new URL('./find-tool.sh', import.meta.url), 'zentoo-tool', tool);
  const { exitCode } = await session.run({ command });
  if (exitCode === 0) return;
  const { observable, measuresSpace } = await readPortageSettings(session);
  await emergeInRoot(session, {
    work,
    name: `emerge-${tool}`,
    step,
    options: ['--oneshot', ...binaryOptions],
    packages: [composedArgument(tools[tool])],
    observable,
    measuresSpace,
    environment: {},
  });
}
