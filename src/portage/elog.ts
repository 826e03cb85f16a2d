/** What a package had to say to whoever installed it: `elog`, `ewarn` and `eerror` of its ebuild; ebuild(5). */
export interface ElogEntry {
  /** `category/name-version` */
  readonly cpv: string;
  /** When it was written, by the container's clock. */
  readonly time: Date;
  /** In the order of the phases; never empty. */
  readonly messages: readonly ElogMessage[];
}

export interface ElogMessage {
  readonly level: ElogLevel;
  /** The phase of the ebuild: `install`, `postinst`; ebuild(5). */
  readonly phase: string;
  /** Without control characters; empty lines at both ends are left out. */
  readonly lines: readonly string[];
}

export type ElogLevel = 'log' | 'warn' | 'error' | 'info' | 'qa';

/**
 * What makes emerge write these messages to `<PORTAGE_LOGDIR>/elog/`, a file for each package that had any; make.conf(5). It
 * replaces what the base configures, so that nobody is sent mail from a container. The levels are named here
 * because those of PORTAGE_ELOG_CLASSES, which are incremental, are not looked at then (`portage/elog/__init__.py`).
 */
export const elogEnvironment: Readonly<Record<string, string>> = { PORTAGE_ELOG_SYSTEM: 'save:log,warn,error' };

/** Where its files are, below PORTAGE_LOGDIR, in directories of their own with FEATURES=split-elog. */
export const elogDirectory = 'elog';

// `portage/elog/mod_save.py`
const fileName = /(?:^|\/)([^/:]+)[:/]([^/:]+):(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)\.log$/;

// EBUILD_PHASES in `portage/const.py`, of 3.0.83 and before
const phases =
  'pretend|setup|unpack|prepare|configure|compile|test|install|package|instprep|preinst|postinst|prerm|postrm|nofetch|config|info|other';
const heading = new RegExp(`^(LOG|WARN|ERROR|INFO|QA): (${phases})$`);

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacters = /\u001B\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/**
 * Reads a file that Portage wrote there, by its path; undefined if it is none, or says nothing. What is below a heading
 * (`WARN: postinst`) is all its message: one that contains a line like that cannot be told from two.
 */
export function parseElogFile(path: string, text: string): ElogEntry | undefined {
  const [, category, version, year, month, day, hour, minute, second] = fileName.exec(path) ?? [];
  if (category === undefined || version === undefined) return undefined;
  const messages: { level: ElogLevel; phase: string; lines: string[] }[] = [];
  for (const line of text.replaceAll(controlCharacters, '').split('\n')) {
    const [, level, phase] = heading.exec(line) ?? [];
    if (level !== undefined && phase !== undefined)
      messages.push({ level: level.toLowerCase() as ElogLevel, phase, lines: [] });
    else messages.at(-1)?.lines.push(line.trimEnd());
  }
  const said = messages
    .map((message) => ({ ...message, lines: withoutEmptyEnds(message.lines) }))
    .filter(({ lines }) => lines.length > 0);
  if (said.length === 0) return undefined;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return { cpv: `${category}/${version}`, time, messages: said };
}

/** In the order in which the packages were merged; each message's lines indented below who says it. */
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
