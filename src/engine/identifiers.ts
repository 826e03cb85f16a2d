/** Ids as the engine prints them: 64 hexadecimal digits; an image's id begins with `sha256:`, which Podman leaves out in some answers. */
export type ContainerId = string & { readonly brand: 'ContainerId' };
export type ImageId = string & { readonly brand: 'ImageId' };
export type ExecId = string & { readonly brand: 'ExecId' };

/** Parses the id of a container: all its digits, or at least the twelve that the engine prints; undefined for any other text. */
export function parseContainerId(text: string): ContainerId | undefined {
  return /^[0-9a-f]{12,64}$/.test(text) ? (text as ContainerId) : undefined;
}

/** Parses the id of an exec; undefined for any other text. */
export function parseExecId(text: string): ExecId | undefined {
  return /^[0-9a-f]{12,64}$/.test(text) ? (text as ExecId) : undefined;
}

/** Parses the id of an image, with or without its algorithm; undefined for any other text. */
export function parseImageId(text: string): ImageId | undefined {
  return /^(?:[a-z0-9]+:)?[0-9a-f]{12,128}$/.test(text) ? (text as ImageId) : undefined;
}
