import { runCommand } from '../../engine/run-command.ts';
import { Failure } from '../../failure.ts';
import { parseMakeConf } from '../../portage/make-conf.ts';
import { makeOptions, type MakeShare } from '../../portage/make-options.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import type { Tuple } from '../../site/site.ts';
import { stateDirectory, type BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { extendMakeConf } from './install-configuration.ts';
import type { Share } from './machine-share.ts';
import { placeOf } from './root-place.ts';

/**
 * Prepares a container of a buildmaster for compiling with a share of the machine: its make.conf says last how many jobs make
 * has, so that package.env still has its say about single packages. What the branch itself says is the most that is used.
 */
export async function prepareCompiler(
  context: Pick<BuildContext, 'engine'>,
  container: BuildContainer,
  tuple: Pick<Tuple, 'portage' | 'cross' | 'cpu'>,
  share: MakeShare,
): Promise<void> {
  const MAKEOPTS = makeOptions(branchVariable(tuple, 'MAKEOPTS'), share);
  const directories = new Set(['/etc/portage', placeOf(tuple).configuration]);
  for (const directory of directories) await extendMakeConf(context, container, { MAKEOPTS }, directory);
}

const saveScript = `
saved=$1
mkdir -p "$saved" && rm -rf "$saved/portage" && cp -a /etc/portage "$saved/"
`;

const restoreScript = `
find /etc/portage -mindepth 1 -delete && cp -a "$1/portage/." /etc/portage/
`;

/** In the work volume, so that it is in no image. */
const savedDirectory = `${stateDirectory}/configuration`;

/** Compiles in a container that is to be committed: /etc/portage is afterwards as it was. */
export async function withOwnSettings<T>(
  context: Pick<BuildContext, 'engine'>,
  container: BuildContainer,
  { tuple, share }: { readonly tuple: Pick<Tuple, 'portage' | 'cross' | 'cpu'>; readonly share: Share },
  work: () => Promise<T>,
): Promise<T> {
  const run = async (script: string): Promise<void> => {
    const command = ['/bin/sh', '-c', script, 'zentoo-own-settings', savedDirectory];
    const { exitCode, stderr } = await runCommand(context.engine, container.id, { command });
    if (exitCode !== 0)
      throw new Failure('base-unusable', `failed to keep /etc/portage of ${container.base}: ${stderr.trim()}`);
  };
  await run(saveScript);
  await prepareCompiler(context, container, tuple, share);
  const result = await work();
  await run(restoreScript);
  return result;
}

/** What a branch's own make.conf sets; empty where it does not. */
function branchVariable({ portage: { entries } }: Pick<Tuple, 'portage'>, name: string): string {
  const files = new BranchTree(entries).list('make.conf');
  const texts = files.flatMap(({ resolved }) =>
    resolved.kind === 'file' ? resolved.entry.read().toString('utf8') : [],
  );
  return parseMakeConf(texts).get(name) ?? '';
}
