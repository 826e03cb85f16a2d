import { failuresOf } from '../failure.ts';
import { describeElog, type ElogEntry } from '../portage/output/elog.ts';
import type { Report } from '../report/event.ts';

/** Reports the messages (elog) of packages at the end, where emerge shows them, too. */
export async function reportElog({ report }: { readonly report: Report }, elog: readonly ElogEntry[]): Promise<void> {
  const lines = describeElog(elog);
  if (lines.length > 0) await report({ type: 'note', message: ['messages of the packages:', ...lines].join('\n') });
}

/** Awaits work that emerges packages, and reports their messages (elog), also if the work fails. For work that is in no record. */
export async function tellElog<T>(
  context: { readonly report: Report },
  work: Promise<T & { readonly elog: readonly ElogEntry[] }>,
): Promise<T> {
  const made = await work.catch(async (error: unknown) => {
    await reportElog(
      context,
      failuresOf(error).flatMap(({ elog }) => elog),
    );
    throw error;
  });
  await reportElog(context, made.elog);
  return made;
}
