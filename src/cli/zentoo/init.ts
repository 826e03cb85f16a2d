import { noOptions, type ZentooCommand } from './zentoo-command.ts';

/** `zentoo init DIR` */
export const initCommand: ZentooCommand = {
  name: 'init',
  operands: 'DIR',
  summary: 'make a small site that works at once on the ministage',
  details: `  DIR                     a directory that is not there yet, or empty but for .git and README; the site has its name`,
  options: noOptions,
  statuses: [],
  prepare: ({ positional }, { json }, problems) => {
    const [directory = '', ...others] = positional;
    if (directory === '') problems.push('no directory is named: zentoo init DIR');
    if (others.length > 0) problems.push(`init makes one site, and ${positional.length} directories are named`);
    return async () => {
      const { initSite } = await import('../../site/init-site.ts');
      const site = initSite(directory, new Date());
      return json ? `${JSON.stringify({ site: site.name, directory: site.directory })}\n` : `${site.directory}\n`;
    };
  },
};
