/** Ids as the engine prints them: 64 hexadecimal digits; an image's id begins with `sha256:`. */
export type ContainerId = string & { readonly brand: 'ContainerId' };
export type ImageId = string & { readonly brand: 'ImageId' };
export type ExecId = string & { readonly brand: 'ExecId' };

/** Parses the id of a container: all its digits, or at least the twelve that the engine prints; undefined for any other text. */
export function parseContainerId(text: string): ContainerId | undefined {
  return /^[0-9a-f]{12,64}$/.test(text) ? (text as ContainerId) : undefined;
}
