import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The project's top directory: the current directory of every command in the documents. */
export const projectDirectory = join(import.meta.dirname, '../..');

/** The commands of documents that no test runs: the document, the beginning of the commands, and the reason. */
const commandsNotRun: readonly (readonly [document: string, start: string, reason: string])[] = [
  ['README.md', 'npm test ', 'it runs the tests themselves'],
  [
    'docs/engines.md',
    'podman ',
    '`npm run test:engines` runs the builder on the engines of Podman, without the command podman',
  ],
  ...['docker ', 'npm start', './zentoo init', '../zentoo '].map(
    (start) => ['docs/swarm.md', start, '`npm run test:swarm` does the same on three engines'] as const,
  ),
];

/**
 * The commands below a heading of a document that a test runs in a shell: the lines of the indented blocks, in order, with
 * continued lines joined. Omits those of `commandsNotRun`. A comment after ` # ` stays, because it is a comment to a shell,
 * too. Throws if the document lacks the heading, or if it shows more or fewer commands than the test runs.
 */
export function readCommands(document: string, heading: string, count: number): readonly string[] {
  const commands = findCommands(document, readSection(document, heading));
  if (commands.length !== count)
    throw new Error(`${document} shows ${commands.length} commands below ${heading}, and a test runs ${count} of them`);
  return commands;
}

/** The commands that a part of a document shows, as `readCommands` returns them; by default those of the whole document. */
export function findCommands(document: string, part = readDocument(document)): readonly string[] {
  const starts = commandsNotRun.flatMap(([name, start]) => (name === document ? [start] : []));
  return part
    .replaceAll(/^```.*?^```$/gms, '')
    .split('\n')
    .flatMap((line) => (line.startsWith('    ') ? [line.slice(4)] : []))
    .join('\n')
    .replaceAll(/ *\\\n */g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !starts.some((start) => line.startsWith(start)));
}

/** The program output that a document shows below a heading: its fenced `text` blocks, each with a final line end. */
export function readTexts(document: string, heading: string): readonly string[] {
  return [...readSection(document, heading).matchAll(/^```text\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** The text of a document, by its path in the project. */
export function readDocument(document: string): string {
  return readFileSync(join(projectDirectory, document), 'utf8');
}

/** The text below a heading, up to the next heading of the same or a higher level. */
function readSection(document: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0] ?? '';
  const [, section] = `\n${readDocument(document)}`.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`${document} has no ${heading}`);
  const [own = ''] = section.split(new RegExp(`\n#{1,${level.length}} `));
  return own;
}
