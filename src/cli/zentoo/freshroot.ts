import { abbreviate } from '../../abbreviate.ts';
import { parseImageName } from '../image-name.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo freshroot [TUPLE|STAGE] [-- COMMAND...]` */
export const freshrootCommand: ZentooCommand = {
  name: 'freshroot',
  operands: '[TUPLE|STAGE]',
  summary: 'open a shell in a fresh root; what is emerged there is not compiled again',
  details: `  TUPLE                   a root as it was built; the only one of the site may be left out
                          (one that is cross: its stage, which compiles for the root /usr/<CHOST>)
  STAGE                   a stage of the site, made ready to compile for a cpu (its buildmaster)
  --cpu CPU               the cpu, for a stage
  --portage BRANCH        the portage branch, for a stage that has several
  --buildhooks BRANCH     the buildhooks branch, where that branch is used with several
  --keep NAME             commit the root as image NAME after the shell has ended, and print that
  -- COMMAND...           what is run in place of a shell

The root is removed when the shell ends, whose exit status is that of zentoo.
`,
  options: { single: ['cpu', 'portage', 'buildhooks', 'keep'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const { positional, trailing } = given;
    const names = positional.slice(0, positional.length - (trailing?.length ?? 0));
    if (names.length > 1)
      problems.push(`freshroot opens one root, and ${names.length} are named; a command stands after --`);
    if (trailing?.length === 0) problems.push('there is no command after --');
    if (settings.json) problems.push('freshroot has no --json: standard output is that of the shell');
    const keep = readImageName(given.value('keep'), problems);
    const choice = {
      name: names[0],
      cpu: given.value('cpu'),
      portage: given.value('portage'),
      buildhooks: given.value('buildhooks'),
    };
    return async (world) => {
      const { readSite } = await import('../../site/read-site.ts');
      const { chooseRoot } = await import('./choose-root.ts');
      const site = readSite(settings.site);
      const root = chooseRoot(site, choice);
      const { checkKeptName } = await import('../../build/tuple/keep-root.ts');
      if (keep !== undefined) checkKeptName(site, keep);
      const { openSiteRun } = await import('../../build/tuple/open-site-run.ts');
      const { enterRoot } = await import('../../build/tuple/enter-root.ts');
      const run = await openSiteRun(site, world, { keepFailed: false });
      const terminal = await world.openTerminal();
      const status = await enterRoot(run, { root, command: trailing, keep, terminal });
      return { status, output: keep === undefined ? '' : `${keep}\n` };
    };
  },
};

/** A name that an image can be given: with a digest it would be one that is there already. */
function readImageName(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined || text === '') return undefined;
  const name = parseImageName(text);
  if (name === undefined || name.includes('sha256:'))
    problems.push(`--keep=${abbreviate(text)} is not a name for an image`);
  return name;
}
