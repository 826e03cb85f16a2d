/**
 * Parses an image name by the engine's reference grammar: `[host[:port]/]path[:tag][@digest]` with a path in lower case. An
 * image id also matches the grammar: it is a path `sha256` with a tag. Returns undefined for other texts.
 */
export function parseImageName(text: string): string | undefined {
  if (text.length > 255 + 129 + 72) return undefined;
  const path = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
  const host = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?/)?';
  const reference = new RegExp(`^${host}${path}(?:/${path})*(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);
  return reference.test(text) ? text : undefined;
}
