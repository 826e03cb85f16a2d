import type { FreshRoot } from '../../build/tuple/fresh-base.ts';
import { Failure } from '../../failure.ts';
import { missingName } from '../../site/read-tuple-name.ts';
import type { Site, Tuple } from '../../site/site.ts';

/** What the command line says of the root that is to be entered. */
export interface RootChoice {
  /** A tuple or a stage; where both have the name, the tuple. */
  readonly name: string | undefined;
  /** These are for a stage. */
  readonly cpu: string | undefined;
  readonly portage: string | undefined;
  readonly buildhooks: string | undefined;
}

/**
 * The root that is meant: without a name the site's only tuple; for a stage, whatever there is only one of. Throws a
 * `Failure` `usage` that lists the names where there are several, or suggests one.
 */
export function chooseRoot(site: Site, choice: RootChoice): FreshRoot {
  const { name } = choice;
  const [first, ...others] = site.tuples;
  const tuple = name === undefined ? first : site.tuples.find((one) => one.name === name);
  const options = (['cpu', 'portage', 'buildhooks'] as const).filter((option) => choice[option] !== undefined);
  if (tuple !== undefined && (name !== undefined || (others.length === 0 && options.length === 0))) {
    if (options.length === 0) return { type: 'tuple', tuple };
    throw refuse(`--${options.join(' and --')} is for a stage, and ${tuple.name} is a tuple, which says it itself`);
  }
  const roots = [...site.tuples.map((one) => one.name), ...site.stages.map((one) => one.name)];
  if (name === undefined)
    throw refuse(`no tuple or stage is named; there are: ${roots.join(', ')}`, 'zentoo freshroot TUPLE');
  const stage = site.stages.find((one) => one.name === name);
  if (stage === undefined)
    throw refuse(missingName('there is no tuple or stage', name, roots), 'zentoo list shows all tuples');
  return { type: 'stage', tuple: stageTuple(site, name, choice) };
}

/** What a buildmaster is made for: a tuple that needs not be the site's, of the same parts as those are. */
function stageTuple(site: Site, stage: string, choice: RootChoice): Tuple {
  const ofStage = site.tuples.filter((tuple) => tuple.stage.name === stage);
  if (ofStage.length === 0)
    throw refuse(`no tuple starts from the stage ${stage}, and so no portage branch is known for it`);
  const cpu = chooseOne('cpu', choice.cpu, { known: site.cpus, usual: site.cpus });
  // What is compiled for another CHOST has a branch that is not the stage's own.
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

/** The one of `known` that is named; without a name the one that there is in `usual`. */
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
  throw refuse(`no ${called} is named; there are: ${names(known).join(', ')}`, `add --${option} NAME`);
}

function refuse(why: string, hint = 'zentoo freshroot --help says how it is called'): Failure {
  return new Failure('usage', `failed to choose a root: ${why}`, { hint });
}
