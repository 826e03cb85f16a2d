import { createHash } from 'node:crypto';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface GitObject {
  readonly type: ObjectType;
  readonly content: Buffer;
}

/** No object of an /etc/portage is larger; what claims to be is not unpacked. Bytes. */
export const largestObject = 256 * 1024 * 1024;

/** The id of an object with such content, in hexadecimal digits. */
export function objectId({ type, content }: GitObject, hash: 'sha1' | 'sha256'): string {
  return createHash(hash).update(`${type} ${content.length}\0`).update(content).digest('hex');
}
