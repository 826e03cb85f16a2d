/** A compiled pattern of a `.gitignore`: tells whether a path matches. */
export type Glob = (path: string) => boolean;

/** A piece of a pattern: one character, the characters of a name, any characters, or any number of directories. */
type Piece = ((character: string) => boolean) | 'name' | 'anything' | 'directories';

const wildcards = /^\*\*$|^\*\*\/|\/\*\*$|\/\*\*\/|\*+|\?|\[(?:[!^]?\]?)(?:\[:\w+:\]|\\.|[^\]\\])*\]|\\(.)|[^]/g;

/**
 * Compiles a pattern (gitignore(5), "PATTERN FORMAT"); undefined if it matches nothing. An anchored pattern matches from the
 * beginning of the path, any other pattern from the beginning of a name. The time of a match is at most proportional to the
 * length of the pattern times that of the path.
 */
export function compileGlob(glob: string, isAnchored: boolean): Glob | undefined {
  if (/(?<!\\)(?:\\\\)*\\$/.test(glob)) return undefined;
  const plain = glob
    .replaceAll(/(\*\*)?\\(.)/gs, (whole, stars: string | undefined, character: string, offset: number) =>
      character === '/' && stars === undefined && offset > 0 ? '/' : whole,
    )
    // Git takes more asterisks for two, where it takes two for any number of directories.
    .replaceAll(/(?<=^|\/)\*{3,}(?=\/|$)/g, '**')
    .replaceAll(/(^|\/)(?:\*\*\/)+/g, '$1**/');
  const pieces: Piece[] = [];
  for (const [part, escaped] of plain.matchAll(wildcards)) {
    const some = piecesOf(part, escaped, plain);
    if (some === undefined) return undefined;
    pieces.push(...some);
  }
  const shortest = pieces.filter((piece) => typeof piece === 'function').length;
  return (path) => path.length >= shortest && matches(pieces, path, isAnchored);
}

const literal =
  (text: string): Piece =>
  (character) =>
    character === text;
const slash = literal('/');
const whatever: Piece = () => true;

/** The pieces of a part of a pattern; undefined if they match nothing. */
function piecesOf(part: string, escaped: string | undefined, glob: string): readonly Piece[] | undefined {
  if (escaped !== undefined) return [literal(escaped)];
  if (part === '**' && glob === part) return [whatever, 'anything'];
  if (part === '**/') return ['directories'];
  if (part === '/**') return [slash, whatever, 'anything'];
  if (part === '/**/') return [slash, 'directories'];
  if (part.startsWith('*')) return ['name'];
  // Git matches nothing with a class that is not closed. The search for its end would be repeated at each following [.
  if (part === '[') return undefined;
  if (part === '?') return [(character) => character !== '/'];
  if (part.length === 1) return [literal(part)];
  const piece = compileClass(part);
  return piece && [piece];
}

/** Matches without backtracking: computes the set of positions in the path that are reachable after each piece. */
function matches(pieces: readonly Piece[], path: string, isAnchored: boolean): boolean {
  let reached = Array.from({ length: path.length + 1 }, (_, at) => at === 0 || (!isAnchored && path[at - 1] === '/'));
  for (const piece of pieces) {
    const next = reached.map(() => false);
    let isBehind = false;
    for (let at = 0; at <= path.length; at += 1) {
      const before = at === 0 ? '' : (path[at - 1] ?? '');
      if (typeof piece === 'function') next[at] = at > 0 && reached[at - 1] === true && piece(before);
      else {
        if (piece === 'name' && before === '/') isBehind = false;
        next[at] = reached[at] === true || (isBehind && (piece !== 'directories' || before === '/'));
        isBehind ||= reached[at] === true;
      }
    }
    reached = next;
  }
  return reached[path.length] === true;
}

/** The classes of isalpha(3) in the locale C, as parts of a regular expression's class. */
const namedClasses: ReadonlyMap<string, string> = new Map([
  ['alnum', 'a-zA-Z0-9'],
  ['alpha', 'a-zA-Z'],
  ['blank', ' \\t'],
  ['cntrl', '\\x00-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`{-~'],
  ['space', ' \\t-\\r'],
  ['upper', 'A-Z'],
  ['xdigit', '0-9a-fA-F'],
]);

/** Compiles a character class; undefined for a reversed range, an empty class, and a named class that git does not have. */
function compileClass(part: string): Piece | undefined {
  const isNegated = /^\[[!^]/.test(part);
  const body = part
    .slice(isNegated ? 2 : 1, -1)
    .replaceAll(/\[:(\w+):\]|\\(.)|([[\]^])/g, (_whole, name?: string, escaped?: string, special?: string) =>
      // A reversed range is refused below.
      name === undefined ? escapeInClass(escaped ?? special ?? '') : (namedClasses.get(name) ?? 'z-a'),
    );
  if (body === '') return undefined;
  try {
    const one = new RegExp(`^[${isNegated ? '^' : ''}${body}]$`);
    return (character) => character !== '/' && one.test(character);
  } catch {
    return undefined;
  }
}

/** A character as it is; a letter or digit behind a backslash would mean something else. */
function escapeInClass(character: string): string {
  return /\w/.test(character) ? character : `\\${character}`;
}
