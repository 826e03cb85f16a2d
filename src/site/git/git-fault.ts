/** Something about a git repository that keeps it from being read; the message is a clause without a full stop. */
export class GitFault extends Error {
  override readonly name = 'GitFault';
}
