/** Does something as a user who is not root, and who may not read everything; root becomes user 65534 meanwhile. */
export function asOther<Result>(work: () => Result): Result {
  const own = process.geteuid?.();
  if (own === 0) process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    if (own === 0) process.seteuid?.(0);
  }
}
