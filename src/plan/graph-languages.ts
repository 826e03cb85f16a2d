import type { PlanGraph, PlanNode } from './plan-graph.ts';

const shapes: Readonly<
  Record<PlanNode['kind'], { readonly dot: string; readonly mermaid: readonly [string, string] }>
> = {
  stage: { dot: 'cylinder', mermaid: ['[(', ')]'] },
  tree: { dot: 'folder', mermaid: ['[/', '/]'] },
  buildmaster: { dot: 'component', mermaid: ['[[', ']]'] },
  partition: { dot: 'cylinder', mermaid: ['[(', ')]'] },
  resolve: { dot: 'hexagon', mermaid: ['{{', '}}'] },
  packages: { dot: 'ellipse', mermaid: ['(', ')'] },
  tuple: { dot: 'box', mermaid: ['[', ']'] },
  output: { dot: 'note', mermaid: ['([', '])'] },
};

const styles: Readonly<Record<PlanNode['state'], { readonly dot: string; readonly mermaid: string }>> = {
  there: { dot: 'style=solid', mermaid: 'stroke:#888' },
  made: { dot: 'style=bold, color="#1a7f37"', mermaid: 'stroke:#1a7f37,stroke-width:3px' },
  failed: { dot: 'style=dashed, color="#cf222e"', mermaid: 'stroke:#cf222e,stroke-dasharray:5' },
};

/** Writes the graph in DOT. See graphviz's "The DOT Language", and "escString" for the escapes of a label. */
export function writeDot({ name, nodes, edges }: PlanGraph): string {
  const lines = [
    `digraph ${quoteDot([name])} {`,
    '  rankdir=LR;',
    ...nodes.map(
      ({ id, kind, label, state }) =>
        `  ${id} [label=${quoteDot(label)}, class="${kind}", shape=${shapes[kind].dot}, ${styles[state].dot}];`,
    ),
    ...edges.map(({ from, to }) => `  ${from} -> ${to};`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** Writes the graph as a flowchart of Mermaid. See its "Flowcharts - Basic Syntax" and "Entity codes to escape characters". */
export function writeMermaid({ nodes, edges }: PlanGraph): string {
  const lines = [
    'flowchart LR',
    ...nodes.map(({ id, kind, label, state }) => {
      const [begin, end] = shapes[kind].mermaid;
      return `  ${id}${begin}"${label.map(escapeMermaid).join('<br>')}"${end}:::${state}`;
    }),
    ...edges.map(({ from, to }) => `  ${from} --> ${to}`),
    ...Object.entries(styles).map(([state, { mermaid }]) => `  classDef ${state} ${mermaid}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Graphviz replaces HTML entities in labels. */
function quoteDot(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    printable(line).replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"'),
  );
  return `"${escaped.join('\\n')}"`;
}

/** Writes each character that Mermaid might interpret as a numeric entity. */
function escapeMermaid(line: string): string {
  return printable(line).replaceAll(/[^\p{L}\p{N} ._:/,+@-]/gu, (character) => `#${character.codePointAt(0)};`);
}

function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ');
}
