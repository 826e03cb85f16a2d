import { largestObject } from './git-object.ts';
import { GitFault } from './git-fault.ts';

/**
 * Applies a delta to its base: copies pieces of the base and bytes of the delta (gitformat-pack(5), "Deltified
 * representation"). Throws a {@link GitFault} if the delta is damaged or belongs to another base.
 */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  let position = 0;
  const take = (): number => {
    const byte = delta[position++];
    if (byte === undefined) throw damaged();
    return byte;
  };
  const takeSize = (): number => {
    let size = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = take();
      size += (byte & 0x7f) * factor;
      if ((byte & 0x80) === 0) return size;
    }
  };
  /** Reads a number; each bit tells whether the byte at its index is present. */
  const takeSparse = (bits: number, count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index += 1) if (bits & (1 << index)) value += take() * 256 ** index;
    return value;
  };

  if (takeSize() !== base.length) throw damaged();
  const size = takeSize();
  if (size > largestObject) throw damaged();
  const result = Buffer.alloc(size);
  let filled = 0;
  const append = (source: Buffer, start: number, length: number): void => {
    if (start + length > source.length || filled + length > size) throw damaged();
    filled += source.copy(result, filled, start, start + length);
  };
  while (position < delta.length) {
    const instruction = take();
    if (instruction & 0x80) {
      const start = takeSparse(instruction, 4);
      append(base, start, takeSparse(instruction >> 4, 3) || 0x10000);
    } else if (instruction > 0) {
      append(delta, position, instruction);
      position += instruction;
    } else {
      throw damaged();
    }
  }
  if (filled !== size) throw damaged();
  return result;
}

function damaged(): GitFault {
  return new GitFault('one of its packs has a damaged delta: run git fsck for details');
}
