import { noOptions, type ZentooCommand } from './zentoo-command.ts';

/** `zentoo init DIR` */
export const initCommand: ZentooCommand = {
  name: 'init',
  operands: 'DIR',
  summary: 'make a small site for the ministage, ready to build',
  details: `  DIR                     a new directory, or one with nothing but .git and README; the site gets its name`,
  options: noOptions,
  statuses: [],
  prepare: ({ positional }, { json }, problems) => {
    const [directory = '', ...others] = positional;
    if (directory === '') problems.push('init needs a directory: zentoo init DIR');
    if (others.length > 0) problems.push(`init creates one site, not ${positional.length}`);
    return async () => {
      const { initSite } = await import('../../site/init-site.ts');
      const site = initSite(directory, new Date());
      return json ? `${JSON.stringify({ site: site.name, directory: site.directory })}\n` : `${site.directory}\n`;
    };
  },
};
