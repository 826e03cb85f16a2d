import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The project's top directory, which README's commands are meant for. */
export const projectDirectory = join(import.meta.dirname, '../..');

/**
 * The commands that README prints below a heading, to be run by a shell as they stand: the lines of its indented blocks,
 * with those that a backslash continues put together, in their order. Text after ` # ` stays: it is a comment to a shell
 * too. Throws where the heading is not there or has no command.
 */
export function readmeCommands(heading: string): readonly string[] {
  const section = readSection(heading).replaceAll(/^```.*?^```$/gms, '');
  const lines = section.split('\n').filter((line) => line.startsWith('    '));
  const commands = lines
    .map((line) => line.slice(4))
    .join('\n')
    .replaceAll(/ *\\\n */g, ' ')
    .split('\n');
  if (commands.join('') === '') throw new Error(`README shows no command below ${heading}`);
  return commands;
}

/** What README says below a heading that programs print: its fenced blocks, each with a line end after its last line. */
export function readmeTexts(heading: string): readonly string[] {
  return [...readSection(heading).matchAll(/^```text\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** What stands below a heading, up to the next one of its level or above. */
function readSection(heading: string): string {
  const text = readFileSync(join(projectDirectory, 'README.md'), 'utf8');
  const level = /^#+/.exec(heading)?.[0] ?? '';
  const [, section] = text.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`README has no ${heading}`);
  const [own = ''] = section.split(new RegExp(`\n#{1,${level.length}} `));
  return own;
}
