import { abbreviate } from '../../abbreviate.ts';
import { parseImageName } from '../image-name.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo freshroot [TUPLE|STAGE] [-- COMMAND...]` */
export const freshrootCommand: ZentooCommand = {
  name: 'freshroot',
  operands: '[TUPLE|STAGE]',
  summary: 'open a shell in a fresh root; the store keeps the packages that are emerged there',
  details: `  TUPLE                   a root as it was built; may be omitted if the site has one tuple
                          (cross tuple: its stage, which compiles for the root /usr/<CHOST>)
  STAGE                   a stage of the site, prepared to compile for a CPU (its buildmaster)
  --cpu CPU               the CPU, for a stage
  --portage BRANCH        the portage branch, for a stage with several
  --buildhooks BRANCH     the buildhooks branch, if the portage branch is used with several
  --keep NAME             commit the root as image NAME when the shell has ended, and print NAME
  -- COMMAND...           run this command instead of a shell

zentoo removes the root when the shell ends, and ends with the shell's exit status.
`,
  options: { single: ['cpu', 'portage', 'buildhooks', 'keep'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['site', 'preconditions', 'plan', 'emerge', 'store', 'outputs'],
  prepare: (given, settings, problems) => {
    const { positional, trailing } = given;
    const names = positional.slice(0, positional.length - (trailing?.length ?? 0));
    if (names.length > 1) problems.push(`freshroot opens one root, not ${names.length}: put a command after --`);
    if (trailing?.length === 0) problems.push('there is no command after --');
    if (settings.json) problems.push('freshroot has no --json: standard output belongs to the shell');
    const keep = readImageName(given.value('keep'), problems);
    const choice = {
      name: names[0],
      cpu: given.value('cpu'),
      portage: given.value('portage'),
      buildhooks: given.value('buildhooks'),
    };
    return async (world) => {
      const { readSite } = await import('../../site/read/read-site.ts');
      const { chooseRoot } = await import('./choose-root.ts');
      const site = readSite(settings.site);
      const root = chooseRoot(site, choice);
      const { checkKeptName } = await import('../../zentoo/freshroot/keep-root.ts');
      if (keep !== undefined) checkKeptName(site, keep);
      const { openSiteRun } = await import('../../zentoo/run/open-site-run.ts');
      const { enterRoot } = await import('../../zentoo/freshroot/enter-root.ts');
      const run = await openSiteRun(site, world, { keepFailed: false, tuples: [root.tuple] });
      const terminal = await world.openTerminal();
      const status = await enterRoot(run, { root, command: trailing, keep, terminal });
      return { status, output: keep === undefined ? '' : `${keep}\n` };
    };
  },
};

/** Parses a name for a new image. A name with a digest belongs to an existing image. */
function readImageName(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined) return undefined;
  const name = parseImageName(text);
  if (name === undefined || name.includes('sha256:'))
    problems.push(`--keep=${abbreviate(text)} is not a name for a new image`);
  return name;
}
