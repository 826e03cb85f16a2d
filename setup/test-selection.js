/**
 * Whether the tests that vitest's arguments select may need an engine: all but those of the unit tier do.
 * @param {readonly string[]} args
 */
export function needsEngine(args) {
  const projects = args.flatMap((arg, n) => {
    if (arg.startsWith('--project=')) return [arg.slice('--project='.length)];
    return args[n - 1] === '--project' ? [arg] : [];
  });
  return projects.length === 0 || projects.some((name) => name !== 'unit');
}
