import { existsSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { applyDelta } from './git-delta.ts';
import { readGitFile, type GitDirectory } from './git-directory.ts';
import { GitFault } from './git-fault.ts';
import { largestObject, type GitObject, type ObjectType } from './git-object.ts';

/** A pack file with its index (gitformat-pack(5)). */
export interface Pack {
  /** Whether the index lists an object, and the pack file exists. */
  has(id: string): boolean;
  /**
   * Reads an object; undefined if it is not in the pack. `readElsewhere` reads the base of a delta that is not in the pack.
   * Throws a {@link GitFault} if the pack is damaged.
   */
  read(id: string, readElsewhere: (id: string) => GitObject | undefined): GitObject | undefined;
}

const indexSignature = 0xff744f63;
const packSignature = 'PACK';
const longestChain = 5000;
const objectTypes: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const offsetDelta = 6;
const referenceDelta = 7;

/** Opens a pack by its path without `.idx` and `.pack`. The pack file is read when the first object is read. */
export function openPack(path: string, hash: GitDirectory['hash']): Pack {
  const width = hash === 'sha1' ? 20 : 32;
  const index = readGitFile(`${path}.idx`);
  let bytes: Buffer | undefined;
  const damaged = (cause?: unknown) => new GitFault('one of its packs is damaged: run git fsck for details', { cause });
  if (index.length < 8 + 1024 || index.readUInt32BE(0) !== indexSignature || index.readUInt32BE(4) !== 2)
    throw damaged();

  const find = (id: string): number | undefined => {
    try {
      return findOffset(index, width, Buffer.from(id, 'hex'));
    } catch (error) {
      throw damaged(error);
    }
  };
  return {
    has: (id) => find(id) !== undefined && existsSync(`${path}.pack`),
    read(id, readElsewhere) {
      try {
        const offset = find(id);
        if (offset === undefined) return undefined;
        bytes ??= readGitFile(`${path}.pack`);
        if (bytes.toString('latin1', 0, 4) !== packSignature) throw damaged();
        const findBase = (base: string) => findOffset(index, width, Buffer.from(base, 'hex'));
        return readAt({ bytes, width, findBase, readElsewhere }, offset);
      } catch (error) {
        if (error instanceof GitFault) throw error;
        throw damaged(error);
      }
    },
  };
}

/**
 * Finds the offset of an object in its pack. The ids in the index are sorted; the fan-out table has, for each first byte, the
 * number of ids up to it.
 */
function findOffset(index: Buffer, width: number, id: Buffer): number | undefined {
  const [fanOut, count] = [8, index.readUInt32BE(8 + 255 * 4)];
  const names = fanOut + 1024;
  const first = id[0] ?? 0;
  let low = first === 0 ? 0 : index.readUInt32BE(fanOut + (first - 1) * 4);
  let high = index.readUInt32BE(fanOut + first * 4);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = index.compare(id, 0, width, names + middle * width, names + (middle + 1) * width);
    if (order === 0) return offsetOf(index, names + count * (width + 4), count, middle);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** Offsets have 31 bits. If the highest bit is set, the rest is an index into a table of 64-bit offsets. */
function offsetOf(index: Buffer, offsets: number, count: number, position: number): number {
  const offset = index.readUInt32BE(offsets + position * 4);
  if (offset < 0x80000000) return offset;
  return Number(index.readBigUInt64BE(offsets + count * 4 + (offset - 0x80000000) * 8));
}

interface PackReading {
  readonly bytes: Buffer;
  readonly width: number;
  readonly findBase: (id: string) => number | undefined;
  readonly readElsewhere: (id: string) => GitObject | undefined;
}

/** Follows a chain of deltas to its base, and applies the deltas. */
function readAt(reading: PackReading, start: number): GitObject {
  const deltas: Buffer[] = [];
  let offset = start;
  while (deltas.length < longestChain) {
    const { kind, size, next } = readHeader(reading.bytes, offset);
    const type = objectTypes[kind];
    if (type !== undefined) return applyDeltas({ type, content: inflate(reading.bytes, next, size) }, deltas);
    if (kind === offsetDelta) {
      const base = readBaseOffset(reading.bytes, next);
      deltas.push(inflate(reading.bytes, base.next, size));
      offset -= base.distance;
    } else if (kind === referenceDelta) {
      const id = reading.bytes.toString('hex', next, next + reading.width);
      deltas.push(inflate(reading.bytes, next + reading.width, size));
      const inPack = reading.findBase(id);
      if (inPack === undefined) return applyDeltas(readBase(reading, id), deltas);
      offset = inPack;
    } else {
      throw new GitFault(`one of its packs has an object of the unknown kind ${kind}`);
    }
  }
  throw new GitFault('one of its packs has an endless chain of deltas');
}

function readBase({ readElsewhere }: PackReading, id: string): GitObject {
  const base = readElsewhere(id);
  if (base === undefined) throw new GitFault(`the object ${id} is missing: run git fsck for details`);
  return base;
}

function applyDeltas(base: GitObject, deltas: readonly Buffer[]): GitObject {
  return { type: base.type, content: deltas.reduceRight((content, delta) => applyDelta(content, delta), base.content) };
}

/** Reads a header: three bits of kind, and the size in groups of 4, 7, 7, ... bits, lowest group first. */
function readHeader(bytes: Buffer, offset: number): { kind: number; size: number; next: number } {
  let next = offset;
  let byte = bytes.readUInt8(next++);
  const kind = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; byte & 0x80; factor *= 128) {
    byte = bytes.readUInt8(next++);
    size += (byte & 0x7f) * factor;
  }
  return { kind, size, next };
}

/** Reads the distance from a delta back to its base: groups of 7 bits, highest first, each further group plus one. */
function readBaseOffset(bytes: Buffer, offset: number): { distance: number; next: number } {
  let next = offset;
  let byte = bytes.readUInt8(next++);
  let distance = byte & 0x7f;
  while (byte & 0x80) {
    byte = bytes.readUInt8(next++);
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  if (distance === 0) throw new GitFault('one of its packs has a delta that is its own base');
  return { distance, next };
}

function inflate(bytes: Buffer, offset: number, size: number): Buffer {
  if (size > largestObject) throw new GitFault(`it has an object of ${size} bytes: the limit is ${largestObject}`);
  const content = inflateSync(bytes.subarray(offset), { maxOutputLength: Math.max(size, 1) });
  if (content.length !== size) throw new GitFault('one of its packs is damaged: run git fsck for details');
  return content;
}
