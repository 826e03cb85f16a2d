import type { Surroundings } from '../../plan/fingerprint.ts';
import { nativeFlagsOf } from '../../portage/native-flags.ts';
import type { Tuple } from '../../site/site.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** Counted up whenever something else is made from the same inputs. */
const pipeline = '1';
/** The same for cpus with `native` in their CFLAGS, which real flags have taken the place of since. */
const nativePipeline = `${pipeline}-real-flags`;

/** What a tuple's fingerprint depends on besides the site. */
export function surroundingsOf(run: Pick<SiteRun, 'stages' | 'revisions'>, tuple: Tuple): Surroundings {
  const names = tuple.portage.repositories.map(({ name }) => name);
  return {
    stageId: stageOf(run, tuple).image?.id ?? '',
    trees: Object.fromEntries(names.map((name) => [name, run.revisions.get(name) ?? ''])),
    pipeline: nativeFlagsOf(tuple.cpu.cflags).length === 0 ? pipeline : nativePipeline,
  };
}
