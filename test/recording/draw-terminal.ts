const character = { width: 8, height: 18, size: 13 } as const;
const margin = 12;

/** An SVG picture of a terminal with these lines, that many columns wide. */
export function drawTerminal(lines: readonly string[], columns: number): string {
  const width = columns * character.width + 2 * margin;
  const height = lines.length * character.height + 2 * margin;
  const rows = lines.map((line, row) => {
    const y = margin + (row + 0.75) * character.height;
    return `  <text x="${margin}" y="${y}" xml:space="preserve">${escapeXml(line)}</text>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
  <rect width="100%" height="100%" rx="6" fill="#1d1f21"/>
  <g fill="#d0d4d8" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${character.size}">
${rows.join('')}  </g>
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
