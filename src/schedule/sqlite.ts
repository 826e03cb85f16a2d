import type * as sqlite from 'node:sqlite';

/**
 * Loads Node's own SQLite; undefined if Node was built without it. Before 24.15, Node warns on standard error that SQLite is
 * experimental. The warning is of no use to users, so this function suppresses it.
 */
export function loadSqlite(): typeof sqlite | undefined {
  const emitWarning = Reflect.get(process, 'emitWarning');
  process.emitWarning = (warning: string | Error, ...details: unknown[]) => {
    if (!isExperimental(details[0])) Reflect.apply(emitWarning, process, [warning, ...details]);
  };
  try {
    // Loading is synchronous, so that no other warning can be lost meanwhile.
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isExperimental(detail: unknown): boolean {
  const type = typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'type') : detail;
  return type === 'ExperimentalWarning';
}
