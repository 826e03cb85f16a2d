/** An address of an engine as a user wrote it, without the password that it may have by mistake. */
export function hidePassword(host: string): string {
  return host.replace(/(:\/\/[^/@:]*):.*@/, '$1:***@');
}
