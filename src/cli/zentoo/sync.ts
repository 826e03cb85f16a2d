import { formatTable } from './format-table.ts';
import { noOptions, type ZentooCommand } from './zentoo-command.ts';

/** `zentoo sync` */
export const syncCommand: ZentooCommand = {
  name: 'sync',
  operands: '',
  summary: 'update the ebuild repositories of the site, and write site.lock',
  details: '',
  options: noOptions,
  statuses: ['site', 'preconditions', 'plan', 'emerge'],
  prepare: ({ positional }, settings, problems) => {
    if (positional.length > 0) problems.push('sync takes no arguments: it syncs all repositories');
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { openSiteRun } = await import('../../zentoo/run/open-site-run.ts');
      const { syncTrees } = await import('../../zentoo/command/sync-trees.ts');
      const run = await openSiteRun(readSite(settings.site), world, { keepFailed: false });
      const trees = await syncTrees(run);
      if (settings.json) return `${JSON.stringify({ site: run.site.name, repositories: trees })}\n`;
      const rows = trees.map(({ repository, before, revision }) => [repository, revision ?? 'none', before ?? 'none']);
      return formatTable([['REPOSITORY', 'REVISION', 'BEFORE'], ...rows]);
    };
  },
};
