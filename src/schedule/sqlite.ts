import type * as sqlite from 'node:sqlite';

/**
 * The SQLite that Node carries; undefined in a Node that was built without it. Before 24.15 Node warns of it as of an
 * experiment, by a line on standard error that says nothing to users: it is loaded without that one.
 */
export function loadSqlite(): typeof sqlite | undefined {
  const emitWarning = Reflect.get(process, 'emitWarning');
  process.emitWarning = (warning: string | Error, ...details: unknown[]) => {
    if (!isExperimental(details[0])) Reflect.apply(emitWarning, process, [warning, ...details]);
  };
  try {
    // Loaded at once, so that nothing else can have anything to warn of meanwhile.
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isExperimental(detail: unknown): boolean {
  const type = typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'type') : detail;
  return type === 'ExperimentalWarning';
}
