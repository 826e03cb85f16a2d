import { cellsOf, columns, type Row } from './row.ts';

/** The rows as one table in plain text, each with its details below it. */
export function formatTable(rows: readonly Row[]): string {
  const body = rows.map(cellsOf);
  const widths = columnWidths([columns, ...body]);
  const line = (cells: readonly string[]) => `${pad(cells, widths).join('  ').trimEnd()}\n`;
  const details = (row: Row) => row.details.map((detail) => `    ${detail}\n`).join('');
  return [line(columns), ...rows.map((row, index) => `${line(body[index] ?? [])}${details(row)}`)].join('');
}

/** The rows as a table in Markdown, in prettier's format. */
export function formatMarkdownTable(rows: readonly Row[]): string {
  const body = [columns, ...rows.map(cellsOf)].map((cells) => cells.map((cell) => cell.replace(/[|<>]/g, '\\$&')));
  const widths = columnWidths(body).map((width) => Math.max(width, 3));
  const line = (cells: readonly string[]) => `| ${pad(cells, widths).join(' | ')} |\n`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`;
  const [head = [], ...lines] = body;
  return `${line(head)}${rule}${lines.map(line).join('')}`;
}

function columnWidths(lines: readonly (readonly string[])[]): readonly number[] {
  return columns.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
}

function pad(cells: readonly string[], widths: readonly number[]): readonly string[] {
  return cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
}
