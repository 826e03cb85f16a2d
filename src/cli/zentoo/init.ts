import { basename } from 'node:path';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo init DIR`, and `zentoo init --new-id` */
export const initCommand: ZentooCommand = {
  name: 'init',
  operands: 'DIR',
  summary: 'make a small site for the ministage, ready to build',
  details: `  DIR                     a new directory, or one with nothing but .git and README; the site gets its name
  --new-id                give the site in DIR, or that of --site, another id: it was made from a copy of another site
`,
  options: { single: [], repeated: [], flags: ['new-id'], onByDefault: [] },
  statuses: ['site', 'preconditions'],
  prepare: (given, { site, json }, problems) => {
    const { positional } = given;
    const [directory = '', ...others] = positional;
    if (given.flag('new-id')) {
      if (others.length > 0) problems.push(`init --new-id changes one site, not ${positional.length}`);
      return () => changeId(directory === '' ? site : directory, json);
    }
    if (directory === '') problems.push('init needs a directory: zentoo init DIR');
    if (others.length > 0) problems.push(`init creates one site, not ${positional.length}`);
    return async ({ report }) => {
      const { initSite } = await import('../../site/init-site.ts');
      const made = initSite(directory, new Date());
      const named = basename(made.directory);
      if (made.name !== named) {
        const why = `images cannot have the name of the directory, ${named}; for another name, change name in site.yaml`;
        await report({ type: 'note', message: `the site is named ${made.name}: ${why}` });
      }
      return json
        ? `${JSON.stringify({ site: made.name, id: made.id, directory: made.directory })}\n`
        : `${made.directory}\n`;
    };
  },
};

async function changeId(path: string, json: boolean): Promise<string> {
  const { readSite } = await import('../../site/read/read-site.ts');
  const { newSiteId, writeSiteId } = await import('../../site/site-id.ts');
  const { name, directory } = readSite(path);
  const id = newSiteId();
  writeSiteId(directory, id);
  return json ? `${JSON.stringify({ site: name, id, directory })}\n` : `${id}\n`;
}
