import type { ZentooCommand } from './zentoo-command.ts';

const common = `  --site DIR              the directory of the site (default: ZENTOO_SITE, else the current directory)
  --json                  print one JSON object
  --log-format FORMAT     text or json: what is written to standard error
  --progress HOW          auto, live or plain: live redraws, plain writes lines
  --help, --version`;

/** The text of `zentoo --help`. */
export function describeZentoo(commands: readonly ZentooCommand[]): string {
  const width = 26;
  const lines = commands.map((command) => `  ${usageOf(command).padEnd(width - 2)}${command.summary}`);
  return `usage: zentoo [options] COMMAND [ARGUMENT...]

Manages a network of Gentoo roots from a directory under version control, a site.

${lines.join('\n')}

${common}

environment
  ZENTOO_SITE             the default of --site

Exit statuses: 0 done, 1 a defect of zentoo, 2 usage, 3 the site, 130 interrupted, 143 terminated.
zentoo COMMAND --help says more of a command.
`;
}

/** The text of `zentoo COMMAND --help`. */
export function describeCommand(command: ZentooCommand): string {
  const details = command.details === '' ? '' : `${command.details}\n`;
  return `usage: zentoo [options] ${usageOf(command)}\n\n${capitalise(command.summary)}.\n\n${details}${common}\n`;
}

function usageOf({ name, operands }: ZentooCommand): string {
  return operands === '' ? name : `${name} ${operands}`;
}

function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
