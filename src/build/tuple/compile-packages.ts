import { runCommand } from '../../engine/run-command.ts';
import type { PackageGroup } from '../../plan/package-pool.ts';
import { splitCpv } from '../../portage/cpv.ts';
import type { ElogEntry } from '../../portage/elog.ts';
import type { Report } from '../../report/event.ts';
import type { Tuple } from '../../site/site.ts';
import { packageClosure } from '../../store/check-root.ts';
import { pkgdirOf } from '../../store/portage-program.ts';
import type { EmergeAbilities } from '../portage-settings.ts';
import { aidCompiler } from './aid-compiler.ts';
import { binaryOptions } from './binary-options.ts';
import { emergeInRoot } from './emerge-in-root.ts';
import { inRoot } from './in-root.ts';
import type { Share } from './machine-share.ts';
import { readStageListing, type Buildmaster } from './make-buildmaster.ts';
import { prepareCompiler } from './prepare-compiler.ts';
import { readElog } from './read-elog.ts';
import { placeOf } from './root-place.ts';
import { hookParts, runHook } from './run-hook.ts';
import type { SiteRun } from './site-run.ts';
import { compilingBase } from '../distcc/use-workers.ts';

/** Packages that are compiled in one container, and what they are compiled with. */
export interface Compilation {
  /** One of the tuples that want them; it is what the hook `compile` is told. */
  readonly tuple: Tuple;
  readonly buildmaster: Buildmaster;
  readonly group: PackageGroup;
  /** Of the buildmaster's emerge. */
  readonly abilities: EmergeAbilities;
  readonly share: Share;
}

/**
 * Compiles packages into the store, in a container of their own: what they need comes from there, in the versions that were
 * planned. Answers with what they had to say.
 */
export async function compilePackages(run: SiteRun, compilation: Compilation): Promise<readonly ElogEntry[]> {
  const { tuple, buildmaster, group, abilities, share } = compilation;
  const [first] = group.packages;
  if (first === undefined) return [];
  const base = await compilingBase(run, buildmaster);
  const subject = first.cpv.replace('/', '_');
  const root = { base, portage: tuple.portage, subject, step: 'compile', store: 'writable', merges: true } as const;
  const { root: target, environment } = placeOf(tuple);
  // What a cross build needs on the stage is the stage's own.
  const isForStage = tuple.cross && first.root === undefined;
  return inRoot(run, root, async (container) => {
    await runHook(run, container, 'compile', hookParts(run.site, tuple, 'tuple', target));
    const aids = await aidCompiler(run, container, tuple, share);
    // The load counts the machine's own compilers, which are not all that is waited for where others help.
    const own = aids.makeJobs === undefined ? share : { jobs: aids.makeJobs };
    await prepareCompiler(run, container, tuple, own);
    const unplanned = new Set<string>();
    const isPlanned = (cpv: string) => group.packages.some((item) => item.cpv === cpv);
    const report: Report = (event) => {
      if (event.type === 'package' && event.action === 'emerging' && event.binary !== true && !isPlanned(event.cpv))
        unplanned.add(event.cpv);
      return run.report(event);
    };
    await emergeInRoot({ ...run, report }, container, {
      tuple,
      name: 'emerge-compile',
      step: 'compile',
      options: [
        ...['--oneshot', '--update', '--deep', '--newuse'],
        `--reinstall-atoms=${group.packages.map(packageOf).join(' ')}`,
        ...binaryOptions,
        `--load-average=${share.load}`,
      ],
      jobs: share.jobs,
      packages: [...group.packages.map(exactly), ...group.dependencies.map((cpv) => `=${cpv}`)],
      ...abilities,
      aids,
      ...(isForStage ? { environment: {} } : {}),
    });
    if (unplanned.size > 0)
      await run.report({
        type: 'warning',
        message: `${[...unplanned].join(', ')} was compiled for ${first.cpv} alone: it was not planned, or not in the store in time`,
      });
    if (!isForStage) {
      const store = { engine: run.engine, container: container.id, partition: buildmaster.partition, environment };
      const cpvs = group.packages.map(({ cpv }) => cpv);
      const { stdout } = await runCommand(run.engine, container.id, { command: unpackaged(pkgdirOf(store), cpvs) });
      // What the branch keeps from being packaged has to be in the store all the same.
      const atoms = stdout.split('\n').filter((line) => line !== '');
      if (atoms.length > 0) await packageClosure(store, atoms, await readStageListing(run, container));
    }
    const said = await readElog(run, container);
    return said.filter(({ cpv }) => isPlanned(cpv));
  });
}

/** The name with its slot, which is what `--reinstall-atoms` takes; emerge(1). */
function packageOf({ cpv, slot }: { readonly cpv: string; readonly slot: string }): string {
  return `${splitCpv(cpv)?.name ?? cpv}:${slot}`;
}

function exactly({ cpv, repository }: { readonly cpv: string; readonly repository: string }): string {
  return repository === '' ? `=${cpv}` : `=${cpv}::${repository}`;
}

const unpackagedScript = `
cd "$1" || exit
shift
for cpv; do
  name=\${cpv#*/}
  set -- "\${cpv%/*}"/*/"$name"-[0-9]*.gpkg.tar "\${cpv%/*}"/*/"$name"-[0-9]*.xpak "$cpv".tbz2 "$cpv".gpkg.tar "$cpv".xpak
  for file; do [ -s "$file" ] && continue 2; done
  printf '=%s\\n' "$cpv"
done
`;

/** Prints an atom for each package that a PKGDIR has nothing of. */
function unpackaged(pkgdir: string, cpvs: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', unpackagedScript, 'zentoo-unpackaged', pkgdir, ...cpvs];
}
