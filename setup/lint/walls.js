import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * The linter's rule for the direction of dependencies. Its options are two tables: for each room, the rooms (or single
 * files, which are rooms' only doors) that it may import; for each npm package, the room that may import it. Static and
 * dynamic imports count, of values and of types.
 */

/** @typedef {{ rooms: Record<string, string>, packages: Record<string, string> }} Walls */

/**
 * The room of a file: its folder in `src`, or at the top of `src` the file itself.
 * @param {string} file relative to `src`, with slashes
 */
export function roomOf(file) {
  const folder = dirname(file);
  return folder === '.' ? file : folder;
}

/**
 * Why a file may not import a specifier; undefined if it may.
 * @param {Walls} walls
 * @param {string} file relative to `src`, with slashes
 * @param {string} specifier
 */
export function refuseImport({ rooms, packages }, file, specifier) {
  const room = roomOf(file);
  if (!specifier.startsWith('.')) {
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    const owner = packages[name];
    return owner === undefined || owner === room ? undefined : `only src/${owner} imports ${name}`;
  }
  const target = join(dirname(file), specifier).split(sep).join('/');
  if (target === '../package.json' && room === file) return undefined;
  if (target.startsWith('..')) return `src imports nothing from outside src: ${specifier}`;
  const other = roomOf(target);
  const allowed = (rooms[room] ?? '').split(' ');
  if (other === room || allowed.includes(other) || allowed.includes(target)) return undefined;
  return `the room ${room} may not import ${target}: oxlint.config.ts lists what it may import`;
}

/** @type {(options: Walls, cwd: string, filename: string) => (specifier: unknown) => string | undefined} */
function judge(options, cwd, filename) {
  const file = relative(resolve(cwd, 'src'), filename).split(sep).join('/');
  return (specifier) => (typeof specifier === 'string' ? refuseImport(options, file, specifier) : undefined);
}

const imports = {
  meta: { schema: [{ type: 'object' }] },
  /** @param {any} context */
  create(context) {
    const refuse = judge(context.options[0], context.cwd, context.filename);
    /** @param {any} node */
    const check = (node) => {
      const source = node.source ?? node.argument;
      const message =
        source?.type === 'Literal' || source?.type === 'TSLiteralType'
          ? refuse(source.value ?? source.literal?.value)
          : node.type === 'ImportExpression'
            ? 'an import whose file is not a literal cannot be checked'
            : undefined;
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

export default { meta: { name: 'walls' }, rules: { imports } };
