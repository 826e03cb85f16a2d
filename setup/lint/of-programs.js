const listeners = ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'];
/** What a program alone does with its process, and what everybody else does instead. */
export const ofPrograms = {
  argv: 'only a program reads its arguments',
  env: 'only a program reads its environment: pass on what is needed',
  exit: 'only a program ends the process: throw a Failure',
  exitCode: 'only a program sets the exit status: throw a Failure',
  abort: 'only a program ends the process',
  ...Object.fromEntries(listeners.map((name) => [name, 'only a program listens to signals: take an AbortSignal'])),
  stdout: 'only a program writes results: return them',
  stderr: 'only a program opens standard error: emit a report event',
  stdin: 'only a program reads standard input',
};
