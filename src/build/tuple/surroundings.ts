import type { Surroundings } from '../../plan/fingerprint.ts';
import type { Tuple } from '../../site/site.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** Counted up whenever something else is made from the same inputs. */
const pipeline = '1';

/** What a tuple's fingerprint depends on besides the site. */
export function surroundingsOf(run: Pick<SiteRun, 'stages' | 'revisions'>, tuple: Tuple): Surroundings {
  const names = tuple.portage.repositories.map(({ name }) => name);
  return {
    stageId: stageOf(run, tuple).image?.id ?? '',
    trees: Object.fromEntries(names.map((name) => [name, run.revisions.get(name) ?? ''])),
    pipeline,
  };
}
