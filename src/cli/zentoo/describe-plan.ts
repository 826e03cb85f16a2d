import { writeDot, writeMermaid } from '../../plan/graph-languages.ts';
import { graphPlan } from '../../plan/plan-graph.ts';
import { actionOf, describePlanForPrograms } from '../../plan/plan-json.ts';
import { throwawayFeatureWords } from '../../portage/throwaway-features.ts';
import type { OutputPlan, PackagePlan, SitePlan, TuplePlan } from '../../plan/plan.ts';
import { escapeLinesForTerminal } from '../../report/escape-for-terminal.ts';
import { formatTable } from './format-table.ts';

/** The values of `--graph`. */
export const graphLanguages = ['dot', 'mermaid'] as const;

/** The form of a printed plan. A graph takes precedence over JSON, JSON over text. */
export interface PlanForm {
  readonly json: boolean;
  readonly graph: (typeof graphLanguages)[number] | undefined;
}

/** Formats a plan for standard output. Only JSON has its warnings: the other forms report them on standard error. */
export function formatPlan(plan: SitePlan, { json, graph }: PlanForm): string {
  if (graph === 'dot') return writeDot(graphPlan(plan));
  if (graph === 'mermaid') return writeMermaid(graphPlan(plan));
  if (json) return `${JSON.stringify(describePlanForPrograms(plan))}\n`;
  // Ebuilds choose the texts of many notes and messages.
  return `${escapeLinesForTerminal(describePlan(plan)).join('\n')}\n`;
}

/** Formats a block per tuple, one line for a tuple that is up to date, and the totals. */
function describePlan({ site, tuples }: SitePlan): string {
  if (tuples.length === 0) return `the site ${site} has no tuples\n`;
  let former = '';
  const blocks = tuples.map((planned) => {
    const block = describeTuple(planned);
    const apart = former !== '' && (isBlock(former) || isBlock(block));
    former = block;
    return `${apart ? '\n' : ''}${block}`;
  });
  const isBuilt = tuples.some((planned) => actionOf(planned) === 'build');
  return `${blocks.join('')}\n${isBuilt ? describeFeatures() : ''}${describeTotals(tuples)}\n`;
}

/** Formats the changes of FEATURES. The reasons for the changes are in `--json` and docs/features.md. */
function describeFeatures(): string {
  return `emerge has the configured FEATURES, changed by ${throwawayFeatureWords.join(' ')}\n`;
}

const isBlock = (text: string): boolean => text.indexOf('\n') < text.length - 1;

function describeTuple(planned: TuplePlan): string {
  const { tuple, why, buildmaster, packages, notes, unforeseen, failure, outputs } = planned;
  if (planned.upToDate && !failure) return `${tuple.name}: up to date\n`;
  const prefix = `${tuple.name}: `;
  if (failure) {
    const message = failure.message.startsWith(prefix) ? failure.message.slice(prefix.length) : failure.message;
    const failing = packages.filter(({ action }) => action === 'fail').map(rowOf);
    return `${prefix}cannot be built: ${message}\n${indent((failure.hint ?? '').split('\n'))}${indent(formatTable(failing).split('\n'))}`;
  }
  const made = [
    ...(buildmaster.action === 'make' ? [`buildmaster ${buildmaster.name}: make${reasons(buildmaster.why)}`] : []),
    ...(buildmaster.action === 'reuse' ? [`buildmaster ${buildmaster.name}: reuse`] : []),
  ];
  return [
    `${prefix}build${reasons(why)}\n`,
    indent(made),
    indent(formatTable(packages.map(rowOf)).split('\n')),
    indent(outputs.map(describeOutput)),
    indent(notes.map((note) => `portage: ${note}`)),
    indent(unforeseen.map((sentence) => `not in this plan: ${sentence}`)),
  ].join('');
}

function rowOf({ action, cpv, slot, use, why, from }: PackagePlan): readonly string[] {
  const verb = action === 'installed-by-stage' ? 'keep' : action;
  return [verb, `${from ?? cpv}${slot === '0' ? '' : `:${slot}`}`, use, why];
}

function describeOutput({ output, name, action, why }: OutputPlan): string {
  return `${output} ${name}: ${action}${why === '' ? '' : `, ${why}`}`;
}

function describeTotals(tuples: readonly TuplePlan[]): string {
  const count = (action: string) => tuples.filter((planned) => actionOf(planned) === action).length;
  const packages = tuples.flatMap((planned) => planned.packages);
  const ofPackages = (action: string) => packages.filter((item) => item.action === action).length;
  const parts = [
    `${count('build')} of ${tuples.length} ${tuples.length === 1 ? 'tuple' : 'tuples'} to build`,
    ...(count('fail') === 0 ? [] : [`${count('fail')} cannot be built`]),
    `${ofPackages('compile')} ${ofPackages('compile') === 1 ? 'package' : 'packages'} to compile`,
    `${ofPackages('reuse')} from the store`,
  ];
  return parts.join(', ');
}

const reasons = (why: readonly string[]): string => (why.length === 0 ? '' : ` (${why.join('; ')})`);

function indent(lines: readonly string[]): string {
  return lines
    .filter((line) => line !== '')
    .map((line) => `  ${line}\n`)
    .join('');
}
