import { abbreviate } from '../../abbreviate.ts';
import type { SitePlan } from '../../plan/plan.ts';
import type { PartialSuccess } from '../../failure.ts';
import { graphLanguages, formatPlan, type PlanForm } from './describe-plan.ts';
import { readRetry } from './retry-option.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo plan [TUPLE...]` */
export const planCommand: ZentooCommand = {
  name: 'plan',
  operands: '[TUPLE...]',
  summary: 'print the actions of a build with their reasons, package by package',
  details: `  --graph dot|mermaid     print the graph that a build would run, for Graphviz or Mermaid
  --retry [ATOM]          the plan of a build with this option

Portage resolves the packages; zentoo caches its answer until something changes. plan compiles nothing and runs no hook.
`,
  options: { single: ['graph'], repeated: [], flags: [], onByDefault: [], optional: ['retry'] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const language = given.value('graph');
    const retry = readRetry(given, problems);
    const graph = graphLanguages.find((known) => known === language);
    if (language !== undefined && graph === undefined)
      problems.push(`--graph=${abbreviate(language)} is not one of ${graphLanguages.join(', ')}`);
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { chooseTuples } = await import('./choose-tuples.ts');
      const site = readSite(settings.site);
      const tuples = chooseTuples(site, given.positional);
      const { openSiteRun } = await import('../../zentoo/run/open-site-run.ts');
      const { planSite } = await import('../../zentoo/command/plan-site.ts');
      const run = await openSiteRun(site, world, { keepFailed: false, access: 'read', tuples });
      return withFailures(await planSite(run, settings.site, retry), { json: settings.json, graph });
    };
  },
};

function withFailures(plan: SitePlan, form: PlanForm): string | PartialSuccess {
  const output = formatPlan(plan, form);
  const [first, ...others] = plan.tuples.flatMap(({ failure }) => failure ?? []);
  return first === undefined ? output : { output, failures: [first, ...others] };
}
