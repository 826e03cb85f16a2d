/** A fault of a git repository that prevents reading it; the message is a clause without a full stop. */
export class GitFault extends Error {
  override readonly name = 'GitFault';
}
