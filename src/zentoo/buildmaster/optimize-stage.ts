import * as v from 'valibot';
import { composedArgument, type PackageArgument } from '../../portage/atom.ts';
import { printedArgument } from '../../portage/printed-argument.ts';
import { Failure } from '../../failure.ts';
import { pythonProgram } from '../../container-program.ts';
import { parseLastLineAsJson } from '../../parse-json.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { emergeInRoot } from '../root/emerge-in-root.ts';
import { divideShare, type Share } from '../run/machine-share.ts';
import { findCompiled } from '../root/compiled-packages.ts';
import { withOwnSettings } from '../root/prepare-compiler.ts';
import type { StagedPackages } from '../root/staged-packages.ts';
import type { PreparedRoot } from '../configure/prepare-root.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The root of a tuple's buildmaster. */
export interface BuildmasterRoot extends PreparedRoot {
  readonly work: TupleWork;
  readonly share: Share;
  /** The new packages of the container. */
  readonly packages: StagedPackages;
}

/**
 * Compiles packages of the stage again with the CPU's flags, into the store and into the container: all of @system, or only
 * libc, binutils and gcc. Packages that the store has are not compiled again. A tool chain that Portage does not build stays
 * unchanged, and a note reports it. In a cross build the root is still empty, and @system is compiled together with every set.
 */
export async function optimizeStage(session: ContainerSession, root: BuildmasterRoot): Promise<void> {
  const { tuple } = root.work;
  const { optimize } = tuple.stage;
  if (optimize === 'none') return;
  if (tuple.cross) {
    if (optimize === 'toolchain') await reportUnchanged(session, ['the cross compiler']);
    return;
  }
  const packages = optimize === 'system' ? [composedArgument('@system')] : await findToolchain(session);
  if (packages.length === 0) return;
  const { share, work, partition } = root;
  const { environment } = work.location;
  // Portage alone knows the number of packages of @system: there are many.
  const { jobs, makeJobs } = divideShare(share, optimize === 'system' ? Infinity : packages.length);
  const chosen = [...(optimize === 'system' ? ['--emptytree'] : ['--oneshot']), '--usepkg=y', '--getbinpkg=n'];
  const asked = { name: 'optimize', step: 'buildmaster', options: chosen, packages, environment } as const;
  const compiled = await findCompiled(session, asked);
  root.packages.expect(
    { partition, environment },
    compiled.map((cpv) => ({ cpv })),
  );
  const { observable, measuresSpace } = root;
  await withOwnSettings(session, { work, share: { jobs: makeJobs, load: share.load } }, () =>
    emergeInRoot(session, {
      ...{ work, observable, measuresSpace, jobs, packages },
      name: 'emerge-optimize',
      step: 'buildmaster',
      options: [...chosen, `--load-average=${share.load}`],
    }),
  );
}

/** The answer of `toolchain.py`. */
const toolchainAnswer = v.object({
  own: v.array(printedArgument),
  others: v.array(v.string()),
});

/**
 * Finds the packages of the tool chain that Portage can build. Reports the others: packages that package.provided
 * lists, or that no repository has.
 */
async function findToolchain(session: ContainerSession): Promise<readonly PackageArgument[]> {
  const program = pythonProgram(new URL('./toolchain.py', import.meta.url));
  const command = underLock('shared', session, program);
  const { stdout, stderr } = await session.run({ command });
  const toolchain = parseLastLineAsJson(toolchainAnswer, stdout);
  if (toolchain === undefined) {
    const said = stderr.split('\n').filter(Boolean);
    throw new Failure(
      'package-unsatisfiable',
      `failed to find the tool chain of ${session.base}: ${said.at(-1) ?? 'Portage printed no answer'}`,
      { logTail: said.slice(-20), hint: 'run `emerge --info` in a container of the stage' },
    );
  }
  await reportUnchanged(session, toolchain.others);
  return toolchain.own;
}

async function reportUnchanged(session: ContainerSession, packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return;
  const them = packages.length === 1 ? 'it' : 'them';
  await session.report({
    type: 'note',
    message: `optimize: toolchain leaves ${packages.join(', ')} of ${session.base} unchanged, because Portage does not build ${them}`,
  });
}
