import { createHash } from 'node:crypto';

const objectTypes = ['commit', 'tree', 'blob', 'tag'] as const;

/** A type of git objects (gitformat-pack(5), "Object types"). */
export type ObjectType = (typeof objectTypes)[number];

/** Parses the name of a type; undefined if there is no such type. */
export function parseObjectType(name: string | undefined): ObjectType | undefined {
  return objectTypes.find((type) => type === name);
}

/** An object of a git repository. */
export interface GitObject {
  readonly type: ObjectType;
  readonly content: Buffer;
}

/** The limit of an object in bytes. No file of an /etc/portage is larger; zentoo does not unpack larger objects. */
export const largestObject = 256 * 1024 * 1024;

/** Computes the id of an object, in hexadecimal digits. */
export function objectId({ type, content }: GitObject, hash: 'sha1' | 'sha256'): string {
  return createHash(hash).update(`${type} ${content.length}\0`).update(content).digest('hex');
}
