import type { OutputName } from '../../output-name.ts';
import type { BuildRecord, TargetRecord, TaskRecord } from '../../record/build-record.ts';

/** The output of `zentoo build --json`, made from the record of the build. docs/json.md describes it. */
export function describeSiteBuildAsJson(record: BuildRecord, recordFile: string | undefined): string {
  const tuples = record.targets.map((target) => describeTarget(target, record.tasks));
  return `${JSON.stringify({ site: record.site, tuples, record: recordFile })}\n`;
}

function describeTarget(target: TargetRecord, tasks: readonly TaskRecord[]): object {
  const { name, result: type, packages, elog } = target;
  if (type === 'failed') return { name, type, failures: target.failures.map(withoutNull), elog };
  const outputs = { image: target.image?.name, archive: target.archive?.name } satisfies Record<OutputName, unknown>;
  if (type === 'unchanged') return { name, type, ...outputs };
  const merged = packages.map(({ cpv }) => cpv).toSorted();
  const compiled = packages.filter(({ origin }) => origin === 'compiled').map(({ cpv }) => cpv);
  const steps = tasks.filter((task) => task.kind === 'assemble' && task.name === name).flatMap((task) => task.steps);
  const durations = Object.fromEntries(steps.map(({ step, seconds }) => [step, seconds]));
  return { name, type, merged, compiled: compiled.toSorted(), packages, elog, durations, ...outputs };
}

function withoutNull({ hint, ...failure }: TargetRecord['failures'][number]): object {
  return hint === null ? failure : { ...failure, hint };
}
