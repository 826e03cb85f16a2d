import type { StatusBand, ZentooCommand } from './zentoo-command.ts';

const common = `  --site DIR              the directory of the site (default: ZENTOO_SITE, else the current directory)
  --json                  print one JSON object
  --log-format FORMAT     format of standard error: text or json
  --progress HOW          auto, live or plain: live redraws in place, plain writes lines
  --help, --version`;

/** The ranges of exit statuses, each with its meaning. */
const bands: Readonly<Record<StatusBand, readonly [string, string]>> = {
  site: ['3', 'the site is invalid; each diagnostic has file, line and column'],
  preconditions: ['10-19', 'the engine, a tree, a stage, a disk or a mount is not usable'],
  plan: ['20-29', 'another site has the name, a commit is behind, a CPU is not usable, or Portage refuses a plan'],
  emerge: ['30-39', 'a sync or an emerge failed'],
  store: ['40-49', 'the store is not usable, or a package is missing in it'],
  outputs: ['50-59', 'a hook, an assembly, a commit or an archive failed'],
  engines: ['60-69', 'a further engine is not usable, or several were lost'],
};

/** Formats the text of `zentoo --help`. */
export function describeZentoo(commands: readonly ZentooCommand[]): string {
  const width = 26;
  const lines = commands.map((command) => `  ${usageOf(command).padEnd(width - 2)}${command.summary}`);
  return `usage: zentoo [options] COMMAND [ARGUMENT...]

Manages many Gentoo root file systems from one directory under version control: a site.

${lines.join('\n')}

${common}

environment
  ZENTOO_SITE             the default of --site

${describeStatuses(Object.values(bands))}
docs/exit-statuses.md lists each status. zentoo COMMAND --help describes a command.
`;
}

/** Formats the text of `zentoo COMMAND --help`. */
export function describeCommand(command: ZentooCommand): string {
  const details = command.details === '' ? '' : `${command.details}\n`;
  const usage = `usage: zentoo [options] ${usageOf(command)}\n\n${capitalise(command.summary)}.\n`;
  return `${usage}\n${details}${common}\n\n${describeStatuses(command.statuses.map((band) => bands[band]))}`;
}

function describeStatuses(some: readonly (readonly [string, string])[]): string {
  const rows = [
    ['0', 'success'],
    ['1', 'a defect of zentoo'],
    ['2', 'an invalid command line'],
    ...some,
    ['130', 'interrupted'],
    ['143', 'terminated'],
  ];
  return ['exit statuses', ...rows.map(([status = '', what = '']) => `  ${status.padEnd(24)}${what}`), ''].join('\n');
}

function usageOf({ name, operands }: ZentooCommand): string {
  return operands === '' ? name : `${name} ${operands}`;
}

function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
