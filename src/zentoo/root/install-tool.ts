import { composedArgument } from '../../portage/atom.ts';
import { shellProgram } from '../../container-program.ts';
import type { Step } from '../../report/event.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import { binaryOptions } from './binary-options.ts';
import { findCompiled } from './compiled-packages.ts';
import { emergeInRoot } from './emerge-in-root.ts';
import { packagePlaces, type StagedPackages } from './staged-packages.ts';
import type { Partition } from '../../store/partition.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** Packages of tools that speed up compiling. They are installed in a container, and are part of no root. */
const tools = { distcc: 'sys-devel/distcc', ccache: 'dev-util/ccache' } as const;

export type Tool = keyof typeof tools;

/** A tool to install for the work of a tuple. */
export interface ToolRequest {
  readonly work: TupleWork;
  readonly tool: Tool;
  readonly step: Step;
  /** Where the packages of the tool come into the store if they are compiled; if undefined, they do not. */
  readonly intake?: { readonly packages: StagedPackages; readonly partition: Partition };
}

/**
 * Emerges a tool in a container of a buildmaster that does not have it. The tool is compiled once; later containers install it
 * from the store. It is always installed in the stage's own root (`/`), where the compilers are, also for a cross tuple.
 */
export async function installTool(session: ContainerSession, { work, tool, step, intake }: ToolRequest): Promise<void> {
  const command = shellProgram(new URL('./find-tool.sh', import.meta.url), 'zentoo-tool', tool);
  const { exitCode } = await session.run({ command });
  if (exitCode === 0) return;
  const { observable, measuresSpace } = await readPortageSettings(session);
  const request = {
    options: ['--oneshot', ...binaryOptions],
    packages: [composedArgument(tools[tool])],
    environment: {},
  };
  if (intake !== undefined) {
    const { host } = await packagePlaces(session, work, intake.partition);
    const compiled = await findCompiled(session, { ...request, name: tool, step });
    intake.packages.expect(
      host,
      compiled.map((cpv) => ({ cpv })),
    );
  }
  await emergeInRoot(session, { ...request, work, name: `emerge-${tool}`, step, observable, measuresSpace });
}
