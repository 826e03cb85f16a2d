import { emergeEnvironment } from '../../portage/emerge-command.ts';
import type { Tuple } from '../../site/site.ts';
import { siteSets } from '../../site/site-sets.ts';
import { workDirectory } from '../build-container.ts';
import { mergeCommand, underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { readPortageSettings } from '../portage-settings.ts';
import { runEmerge } from '../run-emerge.ts';
import { inRoot } from './in-root.ts';
import { installSets } from './install-configuration.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import { resolveSet, type SetAtom } from './resolve-set.ts';
import { hookParts, runHook } from './run-hook.ts';
import type { SiteRun } from './site-run.ts';

/** What came of compiling a set. */
export interface CompiledSet {
  /** `category/name-version` of everything that was merged, compiled or from the store, sorted. */
  readonly merged: readonly string[];
}

/**
 * Compiles a tuple's set in a container of its buildmaster into the store, but for what is there already. All that the
 * set needs to run and that the stage has not, or has older, is in the store then. Build dependencies go with the container.
 */
export async function compileSet(run: SiteRun, tuple: Tuple, buildmaster: Buildmaster): Promise<CompiledSet> {
  const base = { name: buildmaster.name, image: buildmaster.image };
  const root = { base, portage: tuple.portage, subject: tuple.name, step: 'compile', store: 'writable' } as const;
  return inRoot(run, root, async (container) => {
    await installSets(run, container, siteSets(run.site, tuple));
    await runHook(run, container, 'compile', hookParts(run.site, tuple, 'tuple'));
    const own = await resolveSet(run, container, tuple.packages.name);
    const system = await resolveSet(run, container, 'system');
    const request = { own, absent: system.filter(({ installed }) => !installed) };
    const { observable } = await readPortageSettings(run, container);
    const { result } = await runEmerge(run, container, {
      name: 'emerge-compile',
      step: 'compile',
      command: mergeCommand(workDirectory, underLock('shared', container.trees, compileCommand(tuple, request))),
      environment: emergeEnvironment({
        pkgdir: `${defaultTarget('binpkgs')}/${buildmaster.partition}`,
        observability: observable,
        distdir: defaultTarget('distfiles'),
        logdir: container.log.directory,
      }),
      watch: observable,
      silenceTimeout: undefined,
    });
    return { merged: result.toSorted() };
  });
}

/**
 * What the set itself names is merged in any case, as the root is to have it from the store; what that needs, where the
 * buildmaster has it older or otherwise; and what the stage lacks of its own @system.
 */
function compileCommand(
  { packages }: Tuple,
  { own, absent }: { readonly own: readonly SetAtom[]; readonly absent: readonly SetAtom[] },
): readonly string[] {
  return [
    'emerge',
    '--quiet=y',
    '--ask=n',
    '--usepkg=y',
    '--getbinpkg=n',
    '--binpkg-respect-use=y',
    '--update',
    '--deep',
    '--newuse',
    ...(own.length === 0 ? [] : [`--reinstall-atoms=${own.map(({ atom }) => atom).join(' ')}`]),
    '--color=n',
    `@${packages.name}`,
    ...absent.map(({ atom }) => atom),
  ];
}
