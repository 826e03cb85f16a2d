/** A pattern of a `.gitignore`; tells whether a path is like it. */
export type Glob = (path: string) => boolean;

/** What one piece of a pattern matches: one character, those of a name, anything, or nothing to whole directories. */
type Piece = ((character: string) => boolean) | 'name' | 'anything' | 'directories';

const wildcards = /^\*\*$|^\*\*\/|\/\*\*$|\/\*\*\/|\*+|\?|\[(?:[!^]?\]?)(?:\[:\w+:\]|\\.|[^\]\\])*\]|\\(.)|[^]/g;

/**
 * Reads a pattern (gitignore(5), "PATTERN FORMAT"); undefined if it matches nothing. An anchored one begins where the path
 * does, any other one where a name does. Matching takes time by the length of the pattern times that of the path, whatever
 * the pattern is.
 */
export function compileGlob(glob: string, isAnchored: boolean): Glob | undefined {
  if (/(?<!\\)(?:\\\\)*\\$/.test(glob)) return undefined;
  const plain = glob
    .replaceAll(/(\*\*)?\\(.)/gs, (whole, stars: string | undefined, character: string, offset: number) =>
      character === '/' && stars === undefined && offset > 0 ? '/' : whole,
    )
    .replaceAll(/(^|\/)(?:\*\*\/)+/g, '$1**/');
  const pieces: Piece[] = [];
  for (const [part, escaped] of plain.matchAll(wildcards)) {
    const some = piecesOf(part, escaped, plain);
    if (some === undefined) return undefined;
    pieces.push(...some);
  }
  return (path) => matches(pieces, path, isAnchored);
}

const literal =
  (text: string): Piece =>
  (character) =>
    character === text;
const slash = literal('/');
const whatever: Piece = () => true;

/** Undefined if nothing can match them. */
function piecesOf(part: string, escaped: string | undefined, glob: string): readonly Piece[] | undefined {
  if (escaped !== undefined) return [literal(escaped)];
  if (part === '**' && glob === part) return [whatever, 'anything'];
  if (part === '**/') return ['directories'];
  if (part === '/**') return [slash, whatever, 'anything'];
  if (part === '/**/') return [slash, 'directories'];
  if (part.startsWith('*')) return ['name'];
  if (part === '?') return [(character) => character !== '/'];
  if (part.length === 1) return [literal(part)];
  const piece = compileClass(part);
  return piece && [piece];
}

/** Follows all ways to match at once: which positions of the path may have been reached after each piece. */
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

const namedClasses: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9a-fA-F',
};

/** One of several characters; undefined for a range that runs backwards. */
function compileClass(part: string): Piece | undefined {
  const isNegated = /^\[[!^]/.test(part);
  const body = part
    .slice(isNegated ? 2 : 1, -1)
    .replaceAll(/\[:(\w+):\]|\\(.)|([[\]^])/g, (_whole, name?: string, escaped?: string, special?: string) =>
      name === undefined ? `\\${escaped ?? special}` : (namedClasses[name] ?? ''),
    );
  try {
    const one = new RegExp(`^[${isNegated ? '^' : ''}${body}]$`);
    return (character) => character !== '/' && one.test(character);
  } catch {
    return undefined;
  }
}
