/** What a graph says, read by the grammar of its language as far as that is written; anything else throws. */
export interface ReadGraph {
  readonly nodes: ReadonlyMap<string, { readonly label: string; readonly attributes: ReadonlyMap<string, string> }>;
  readonly edges: readonly (readonly [string, string])[];
}

const dotToken = /\s*(?:("(?:[^"\\\n]|\\["\\n])*")|([A-Za-z_]\w*)|(->|[{}[\];=,]))/y;

/** Reads DOT; a label is what graphviz shows, `\n` a line's end. */
export function readDot(text: string): ReadGraph & { readonly name: string } {
  const tokens: string[] = [];
  dotToken.lastIndex = 0;
  while (text.slice(dotToken.lastIndex).trim() !== '') {
    const at = dotToken.lastIndex;
    const match = dotToken.exec(text);
    if (!match) throw new Error(`not DOT: ${text.slice(at, at + 40)}`);
    tokens.push(match[0].trim());
  }
  let next = 0;
  const take = (expected?: string): string => {
    const token = tokens[next++];
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`${String(token)} instead of ${expected ?? 'anything'}`);
    return token;
  };
  const nodes = new Map<string, { label: string; attributes: Map<string, string> }>();
  const edges: [string, string][] = [];
  take('digraph');
  const name = unquote(take());
  take('{');
  while (tokens[next] !== '}') {
    const id = take();
    if (tokens[next] === '=') {
      take('=');
      take();
    } else if (tokens[next] === '->') {
      take('->');
      edges.push([id, take()]);
    } else {
      take('[');
      const attributes = new Map<string, string>();
      for (;;) {
        const key = take();
        take('=');
        attributes.set(key, unquote(take()));
        if (take() === ']') break;
      }
      nodes.set(id, { label: attributes.get('label') ?? '', attributes });
    }
    take(';');
  }
  take('}');
  if (next !== tokens.length) throw new Error('something follows the graph');
  return { name, nodes, edges };
}

function unquote(token: string): string {
  if (!token.startsWith('"')) return token;
  const inside = token.slice(1, -1).replaceAll(/\\(.)/g, (_whole, letter: string) => (letter === 'n' ? '\n' : letter));
  return inside.replaceAll('&amp;', '&');
}

const mermaidNode =
  /^ {2}([A-Za-z]\w*)(?:\[\("([^"]*)"\)\]|\[\/"([^"]*)"\/\]|\[\["([^"]*)"\]\]|\(\["([^"]*)"\]\)|\["([^"]*)"\]|\{\{"([^"]*)"\}\}|\("([^"]*)"\)):::(\w+)$/;

/** Reads a flowchart of Mermaid; whatever its label language could give a meaning to has to be an entity. */
export function readMermaid(text: string): ReadGraph {
  const nodes = new Map<string, { label: string; attributes: Map<string, string> }>();
  const edges: [string, string][] = [];
  const classes = new Set<string>();
  const [first, ...lines] = text.split('\n');
  if (first !== 'flowchart LR' || lines.pop() !== '') throw new Error('not a flowchart');
  for (const line of lines) {
    const [, id, ...rest] = mermaidNode.exec(line) ?? [];
    const [, from, to] = /^ {2}(\w+) --> (\w+)$/.exec(line) ?? [];
    const className = /^ {2}classDef (\w+) \S+$/.exec(line)?.[1];
    if (id !== undefined) {
      const label = rest.slice(0, 7).find((part) => part !== undefined) ?? '';
      const attributes = new Map([['class', rest[7] ?? '']]);
      nodes.set(id, { label: decode(label), attributes });
    } else if (from !== undefined && to !== undefined) edges.push([from, to]);
    else if (className !== undefined) classes.add(className);
    else throw new Error(`not Mermaid: ${line}`);
  }
  for (const { attributes } of nodes.values())
    if (!classes.has(attributes.get('class') ?? '')) throw new Error('a class that is not defined');
  return { nodes, edges };
}

function decode(label: string): string {
  return label
    .split('<br>')
    .map((line) => {
      if (/[<>&`"[\](){}|\\*]|#(?!\d+;)/.test(line)) throw new Error(`not escaped: ${line}`);
      return line.replaceAll(/#(\d+);/g, (_whole, code: string) => String.fromCodePoint(Number(code)));
    })
    .join('\n');
}
