/**
 * Parses a git configuration file. The keys are `section.key` or `section.subsection.key`, with section and key in lower case
 * (git-config(1), "Syntax"); the last value of a key wins. Includes are not followed, because the settings that zentoo needs
 * are not in included files.
 */
export function parseGitConfig(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = '';
  // The patterns have no two parts beside each other that match the same characters: their time is linear.
  for (const line of text
    .replaceAll(/\\\r?\n/g, '')
    .split('\n')
    .map(trimmed)) {
    const header = /^\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]([^]*)$/.exec(line);
    if (header) {
      const [, name = '', subsection] = header;
      section = name.toLowerCase() + (subsection === undefined ? '' : `.${subsection.replaceAll(/\\(.)/g, '$1')}`);
    }
    const setting = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:=([^]*))?$/.exec(header?.[3]?.trim() ?? line);
    if (setting) values.set(`${section}.${(setting[1] ?? '').toLowerCase()}`, valueOf(setting[2]));
  }
  return values;
}

const trimmed = (line: string): string => line.trim();

/** Parses a value. A key without a value is true. A comment ends a value, except in quotes. */
function valueOf(text: string | undefined): string {
  if (text === undefined) return 'true';
  const parts = /"((?:[^"\\]|\\.)*)"|([#;].*)|((?:[^"#;\\]|\\.)+)/g;
  return text
    .replaceAll(parts, (_whole, quoted?: string, _comment?: string, bare?: string) => quoted ?? bare ?? '')
    .replaceAll(/\\(.)/g, '$1')
    .trim();
}
