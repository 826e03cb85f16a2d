const flagPattern = /^([!-]?)([A-Za-z0-9][A-Za-z0-9+_@-]*)(\([+-]\))?([?=]?)$/;
const operators: ReadonlySet<string> = new Set(['', '-', '?', '=', '!=', '!?']);

/**
 * Tells why a text is not a list of USE dependencies (`[ssl,-debug,doc?,!gtk=,threads(+)]`, with its brackets); undefined if
 * it is one. If a flag is named twice, its defaults must be equal (`portage.dep._use_dep`).
 */
export function useDependencyFault(text: string): string | undefined {
  if (!text.endsWith(']'))
    return text.includes(']') ? 'nothing may follow the USE flags in [ ]' : 'the [ is not closed';
  const defaults = new Map<string, string>();
  for (const dependency of text.slice(1, -1).split(',')) {
    const [, prefix = '', flag = '', fallback = '', suffix = ''] = flagPattern.exec(dependency) ?? [];
    if (flag === '' || !operators.has(prefix + suffix))
      return 'a USE flag in [ ] is written flag, -flag, flag?, !flag?, flag= or !flag=, separated by commas';
    if ((defaults.get(flag) ?? fallback) !== fallback) return `the USE flag ${flag} has two different defaults`;
    defaults.set(flag, fallback);
  }
  return undefined;
}
