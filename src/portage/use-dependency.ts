const flagPattern = /^([!-]?)([A-Za-z0-9][A-Za-z0-9+_@-]*)(\([+-]\))?([?=]?)$/;
const operators: ReadonlySet<string> = new Set(['', '-', '?', '=', '!=', '!?']);

/**
 * Why a text is no list of USE dependencies (`[ssl,-debug,doc?,!gtk=,threads(+)]`, brackets included), or undefined if
 * it is one. A flag named twice must have the same default each time (`portage.dep._use_dep`).
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
