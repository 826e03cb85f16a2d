import type { FreshRootRequest } from '../../zentoo/freshroot/enter-root.ts';
import { Failure } from '../../failure.ts';
import { missingName } from '../../site/read/read-tuple-name.ts';
import type { Site, Tuple } from '../../site/site.ts';

/** The arguments that select a root. */
export interface RootChoice {
  /** The name of a tuple or a stage. If both have the name, it selects the tuple. */
  readonly name: string | undefined;
  /** `cpu`, `portage` and `buildhooks` apply to a stage only. */
  readonly cpu: string | undefined;
  readonly portage: string | undefined;
  readonly buildhooks: string | undefined;
}

/**
 * Selects the root to enter. Without a name it is the site's only tuple. Parts of a stage that are not named must be
 * unambiguous. Throws a `Failure` `usage` that lists the possible names or suggests one.
 */
export function chooseRoot(site: Site, choice: RootChoice): FreshRootRequest['root'] {
  const { name } = choice;
  const [first, ...others] = site.tuples;
  const tuple = name === undefined ? first : site.tuples.find((one) => one.name === name);
  const options = (['cpu', 'portage', 'buildhooks'] as const).filter((option) => choice[option] !== undefined);
  if (tuple !== undefined && (name !== undefined || (others.length === 0 && options.length === 0))) {
    if (options.length === 0) return { type: 'tuple', tuple };
    throw refuse(
      `${tuple.name} is a tuple, which determines ${options.join(' and ')} itself`,
      `omit --${options.join(' and --')}, or name a stage`,
    );
  }
  const roots = [...site.tuples.map((one) => one.name), ...site.stages.map((one) => one.name)];
  if (name === undefined)
    throw refuse(`several roots are possible: ${roots.join(', ')}`, 'name one of them: zentoo freshroot TUPLE');
  const stage = site.stages.find((one) => one.name === name);
  if (stage === undefined)
    throw refuse(missingName('there is no tuple or stage', name, roots), 'run zentoo list to list the tuples');
  return { type: 'stage', tuple: stageTuple(site, name, choice) };
}

/** Makes a tuple of a stage, a CPU and two branches. The site need not have this tuple. */
function stageTuple(site: Site, stage: string, choice: RootChoice): Tuple {
  const ofStage = site.tuples.filter((tuple) => tuple.stage.name === stage);
  if (ofStage.length === 0)
    throw refuse(
      `the site has no tuple of the stage ${stage}, so the portage branch is unknown`,
      `add a tuple with a portage branch of the stage ${stage}`,
    );
  const cpu = chooseOne('cpu', choice.cpu, { known: site.cpus, usual: site.cpus });
  // A cross tuple has a portage branch for its CHOST, not for the stage's.
  const ofChost = ofStage.filter((tuple) => tuple.cpu.chost === cpu.chost);
  const cross = ofChost.length > 0 && ofChost.every((tuple) => tuple.cross);
  const portage = chooseOne('portage', choice.portage, {
    known: ofStage.map((tuple) => tuple.portage),
    usual: ofStage.filter((tuple) => tuple.cross === cross).map((tuple) => tuple.portage),
  });
  const ofBranch = ofStage.filter((tuple) => tuple.portage.name === portage.name);
  const buildhooks = chooseOne('buildhooks', choice.buildhooks, {
    known: site.tuples.map((tuple) => tuple.buildhooks),
    usual: ofBranch.map((tuple) => tuple.buildhooks),
  });
  const [some] = ofBranch;
  if (some === undefined) throw new Error(`no tuple of the stage ${stage} has the branch ${portage.name}`);
  const name = `${cpu.name}-${portage.name}-${buildhooks.name}`;
  return { ...some, name, cpu, portage, buildhooks, cross };
}

interface Named {
  readonly name: string;
}

/** Selects the CPU or branch with the given name from `known`. If there is no name, selects the one in `usual`; throws if `usual` has several. */
function chooseOne<T extends Named>(
  option: 'cpu' | 'portage' | 'buildhooks',
  name: string | undefined,
  { known, usual }: { readonly known: readonly T[]; readonly usual: readonly T[] },
): T {
  const called = option === 'cpu' ? 'cpu' : `${option} branch`;
  const names = (from: readonly T[]) => [...new Set(from.map((one) => one.name))];
  const candidates = name === undefined ? names(usual) : [name];
  const found = known.find((one) => one.name === candidates[0]);
  if (found !== undefined && candidates.length === 1) return found;
  if (name !== undefined) throw refuse(missingName(`there is no ${called}`, name, names(known)));
  throw refuse(
    `several ${called}${option === 'cpu' ? 's' : 'es'} are possible: ${names(known).join(', ')}`,
    `add --${option} NAME`,
  );
}

function refuse(why: string, hint = 'run zentoo freshroot --help'): Failure {
  return new Failure('usage', `failed to choose a root: ${why}`, { hint });
}
