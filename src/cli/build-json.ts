import type { BuildResult } from '../builder/build-image.ts';
import { splitCpv } from '../portage/cpv.ts';

/** The output of gentoo-builder with `--json`, made from the record of the build. docs/json.md describes it. */
export function describeBuildAsJson({ image, unchanged, record, recordFile }: BuildResult): string {
  const { name, id, tags } = image;
  const packages = record.targets.flatMap((target) =>
    target.packages.map(({ cpv, ...others }) => ({ ...splitCpv(cpv), ...others })),
  );
  const steps = record.tasks.flatMap((task) => task.steps);
  const durations = Object.fromEntries(steps.map(({ step, seconds }) => [step, seconds]));
  const [log] = record.tasks.flatMap(({ logs }) => logs);
  const elog = record.targets.flatMap((target) => target.elog);
  return `${JSON.stringify({ image: name, id, tags, unchanged, packages, elog, durations, log, record: recordFile })}\n`;
}

/** The output of `gentoo-builder --dry-run` with `--json`. docs/json.md describes it. */
export function describeDryRunAsJson(plan: readonly string[]): string {
  return `${JSON.stringify({ dryRun: true, plan })}\n`;
}
