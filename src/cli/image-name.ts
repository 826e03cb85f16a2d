/**
 * An image's name as the engine's reference grammar has it (`[host[:port]/]path[:tag][@digest]`, lower case path),
 * undefined if it is not one.
 */
export function parseImageName(text: string): string | undefined {
  if (text.length > 255 + 129 + 72) return undefined;
  const path = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
  const host = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?/)?';
  const reference = new RegExp(`^${host}${path}(?:/${path})*(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);
  return reference.test(text) || /^sha256:[0-9a-f]{64}$/.test(text) ? text : undefined;
}
