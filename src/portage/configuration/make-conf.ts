import { expandVariables } from './expand-variables.ts';
import {
  MakeConfTokens,
  Unreadable,
  within,
  type Position,
  type ReadSource,
  type Remark,
  type Token,
} from './make-conf-tokens.ts';
import { ReadingLimit } from './reading-limit.ts';

/** A file of variables, such as make.globals or make.conf. */
export interface MakeConfFile {
  /** The absolute path in the system in which Portage runs. Names of sourced files are relative to its directory. */
  readonly path: string;
  readonly text: string;
}

/** The value of a variable, and the position of the name in the assignment that set it last. */
export interface MakeConfVariable {
  readonly value: string;
  readonly place: Position;
}

/** What Portage reads from a make.conf. Positions have the path of the file, also of a sourced file. */
export interface MakeConf {
  readonly variables: ReadonlyMap<string, MakeConfVariable>;
  /** The faults at which emerge fails, in the order in which Portage reads them. */
  readonly faults: readonly Remark[];
  /** Values that Portage takes for empty. */
  readonly notes: readonly Remark[];
  /** The lines that source a file that the reader does not have: `it sources PATH`. */
  readonly unread: readonly Remark[];
}

/** The files that a make.conf sources, and the variables that are set before it is read. */
export interface MakeConfInputs {
  readonly readSource?: ReadSource;
  readonly known?: Readonly<Record<string, string>>;
  /** The limit of what is read; a limit of its own by default. */
  readonly limit?: ReadingLimit;
}

/** Variables that Portage sets before it reads a make.conf (`config.__init__` in portage/package/ebuild/config.py). */
const rootVariables: Readonly<Record<string, string>> = {
  EPREFIX: '',
  BROOT: '/',
  ...{ EROOT: '/', ESYSROOT: '/', PORTAGE_CONFIGROOT: '/', ROOT: '/', SYSROOT: '/' },
};

/**
 * Reads the variables of files such as make.globals and make.conf as `getconfig` in portage/util does; later files override
 * earlier ones. emerge fails at the first fault. Portage's other programs pass over a name that is not valid, and over the rest of
 * a file at other faults; so does this reader. A file that is too long, or grows too long by its variables and sources, is a fault.
 */
export function readMakeConf(
  files: readonly MakeConfFile[],
  { readSource = () => 'unknown', known = rootVariables, limit = new ReadingLimit() }: MakeConfInputs = {},
): MakeConf {
  const variables = new Map<string, MakeConfVariable>();
  const values = new Map(Object.entries(known));
  const faults: Remark[] = [];
  const notes: Remark[] = [];
  const unread: Remark[] = [];
  for (const { path, text } of files) {
    const onMissing = (source: Remark) => faults.push(source);
    const onUnknown = (source: Remark) => unread.push(source);
    try {
      const sources = { read: readSource, variables: values, limit, onMissing, onUnknown };
      const tokens = new MakeConfTokens(path, text, sources);
      for (let pair = readAssignment(tokens); pair; pair = readAssignment(tokens, pair)) {
        const { name, written } = pair;
        const fault = nameFault(name.text);
        if (fault !== undefined) faults.push({ place: name.place, message: fault });
        if (fault !== undefined) continue;
        const { value, unsupported } = within(name.place, () => expandVariables(written.text, values, limit));
        values.set(name.text, value);
        variables.set(name.text, { value, place: name.place });
        if (unsupported !== undefined)
          notes.push({
            place: name.place,
            message: `Portage runs no commands and knows only $NAME and \${NAME}: because of ${unsupported}, ${name.text} is empty`,
          });
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      faults.push(error.remark);
    }
  }
  return { variables, faults, notes, unread };
}

/** The words of `NAME=value`. */
interface Assignment {
  readonly name: Token;
  readonly written: Token;
}

/** Reads `NAME=value` or `export NAME=value`; undefined at the end. `before` is the assignment before. */
function readAssignment(tokens: MakeConfTokens, before?: Assignment): Assignment | undefined {
  const first = tokens.next();
  const name = first?.text === 'export' ? tokens.next() : first;
  if (name === undefined) return undefined;
  const equals = tokens.next();
  if (equals === undefined || equals.text !== '=') throw new Unreadable(...misplaced(name, equals, before));
  const written = tokens.next();
  if (written === undefined) throw new Unreadable(...valueless(name));
  return { name, written };
}

function valueless({ text, place }: Token): [Position, string] {
  return [place, `${text} has no value: write ${text}="" for an empty value`];
}

/** Explains a word that no `=` follows. */
function misplaced(name: Token, next: Token | undefined, before: Assignment | undefined): [Position, string] {
  const { text, place } = name;
  if (text === '\uFEFF')
    return [place, 'a byte order mark (BOM) stands before the first name: save the file as UTF-8 without BOM'];
  // After `NAME=` at the end of a line, Portage takes the next name for the value.
  if (text === '=' && before && before.name.place.line < before.written.place.line) return valueless(before.name);
  const shell = [name, next].find((token) => token?.text === '(' || token?.text === '`');
  if (shell)
    return [
      shell.place,
      `Portage runs no commands and knows no lists: write a value in quotes instead of ${shell.text}`,
    ];
  if (text === '=')
    return [place, '= has no name before it: write NAME="" for an empty value, and values with = in quotes'];
  if (next === undefined) return [place, `no = follows ${shown(text)}: a line is NAME="value"`];
  return [
    place,
    `${shown(next.text)} follows ${shown(text)} instead of =: a line is NAME="value", and a value with spaces has quotes`,
  ];
}

function shown(text: string): string {
  return `'${text.length > 40 ? `${text.slice(0, 39)}…` : text}'`;
}

/** The reason for which Portage refuses the name of a variable; undefined if it is valid. */
function nameFault(name: string): string | undefined {
  if (!/^\p{Nd}|[^\p{L}\p{N}_]/u.test(name)) return undefined;
  if (/^[A-Za-z_][A-Za-z0-9_]*\+$/.test(name)) {
    const plain = name.slice(0, -1);
    return `Portage does not know +=: write ${plain}="\${${plain}} ..."`;
  }
  return `${shown(name)} is not the name of a variable`;
}
