import type { SitePlan } from '../../plan/plan.ts';
import type { PartialSuccess } from '../../failure.ts';
import { graphLanguages, printPlan, type PlanForm } from './describe-plan.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo plan [TUPLE...]` */
export const planCommand: ZentooCommand = {
  name: 'plan',
  operands: '[TUPLE...]',
  summary: 'say what a build would do and why, package by package',
  details: `  --graph dot|mermaid     print what is made from what, in the language of a program that draws it

Portage is asked, and its answer is kept for as long as nothing changes. Nothing is compiled, and no hook is run.
`,
  options: { single: ['graph'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const graph = graphLanguages.find((language) => language === given.value('graph'));
    if (given.value('graph') !== undefined && graph === undefined)
      problems.push(`--graph=${given.value('graph')} is not one of ${graphLanguages.join(', ')}`);
    return async (world) => {
      const { readSite } = await import('../../site/read-site.ts');
      const { chooseTuples } = await import('./choose-tuples.ts');
      const site = readSite(settings.site);
      const tuples = chooseTuples(site, given.positional);
      const { openSiteRun } = await import('../../build/tuple/open-site-run.ts');
      const { planSite } = await import('../../build/tuple/plan-site.ts');
      const run = await openSiteRun(site, world, { keepFailed: false });
      return withFailures(await planSite(run, tuples, settings.site), { json: settings.json, graph });
    };
  },
};

function withFailures(plan: SitePlan, form: PlanForm): string | PartialSuccess {
  const output = printPlan(plan, form);
  const [first, ...others] = plan.tuples.flatMap(({ failure }) => failure ?? []);
  return first === undefined ? output : { output, failures: [first, ...others] };
}
