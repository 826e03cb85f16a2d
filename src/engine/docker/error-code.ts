/** The code of an error of Node, such as `ECONNREFUSED`; undefined if the error has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
