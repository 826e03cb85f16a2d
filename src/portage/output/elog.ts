/** The messages of a package for the user who installs it: `elog`, `ewarn` and `eerror` of its ebuild; ebuild(5). */
export interface ElogEntry {
  /** `category/name-version` */
  readonly cpv: string;
  /** The time at which Portage wrote the messages, by the container's clock. */
  readonly time: Date;
  /** The messages in the order of the phases; never empty. */
  readonly messages: readonly ElogMessage[];
}

export interface ElogMessage {
  readonly level: ElogLevel;
  /** The phase of the ebuild: `install`, `postinst`; ebuild(5). */
  readonly phase: string;
  /** The lines, without control characters and without empty lines at both ends. */
  readonly lines: readonly string[];
}

/** A level of elog messages (PORTAGE_ELOG_CLASSES, make.conf(5)). */
export type ElogLevel = (typeof levels)[number];

const levels = ['log', 'warn', 'error', 'info', 'qa'] as const;

/** The directory of elog files below PORTAGE_LOGDIR; with FEATURES=split-elog it has a directory for each category. */
export const elogDirectory = 'elog';

// `portage/elog/mod_save.py`
const fileName = /(?:^|\/)([^/:]+)[:/]([^/:]+):(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)\.log$/;

// EBUILD_PHASES in `portage/const.py`, of 3.0.83 and before
const phases =
  'pretend|setup|unpack|prepare|configure|compile|test|install|package|instprep|preinst|postinst|prerm|postrm|nofetch|config|info|other';
const heading = new RegExp(`^(LOG|WARN|ERROR|INFO|QA): (${phases})$`);

// eslint-disable-next-line no-control-regex -- the pattern looks for control characters
const controlCharacters = /\u001B\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/**
 * Parses an elog file. Returns undefined if the path is not that of an elog file, or if the file has no message. A message is
 * everything below a heading (`WARN: postinst`); a message that contains such a line is read as two messages.
 */
export function parseElogFile(path: string, text: string): ElogEntry | undefined {
  const [, category, version, year, month, day, hour, minute, second] = fileName.exec(path) ?? [];
  if (category === undefined || version === undefined) return undefined;
  const messages: { level: ElogLevel; phase: string; lines: string[] }[] = [];
  for (const line of text.replaceAll(controlCharacters, '').split('\n')) {
    const [, word, phase] = heading.exec(line) ?? [];
    const level = levels.find((one) => one === word?.toLowerCase());
    if (level !== undefined && phase !== undefined) messages.push({ level, phase, lines: [] });
    else messages.at(-1)?.lines.push(line.trimEnd());
  }
  const said = messages
    .map((message) => ({ ...message, lines: withoutEmptyEnds(message.lines) }))
    .filter(({ lines }) => lines.length > 0);
  if (said.length === 0) return undefined;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // A package can write a file of any name.
  if (Number.isNaN(time.getTime())) return undefined;
  return { cpv: `${category}/${version}`, time, messages: said };
}

/** Formats messages in the order in which the packages were merged; the lines are indented below the package. */
export function describeElog(entries: readonly ElogEntry[]): readonly string[] {
  const inOrder = entries.toSorted((a, b) => a.time.getTime() - b.time.getTime() || (a.cpv < b.cpv ? -1 : 1));
  return inOrder.flatMap(({ cpv, messages }) => [
    `${cpv}:`,
    ...messages.flatMap(({ level, lines }) =>
      lines.map((line) => `  ${level === 'log' ? '' : `${level}: `}${line}`.trimEnd()),
    ),
  ]);
}

function withoutEmptyEnds(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== '');
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1);
}
