import { readFile } from 'node:fs/promises';
import type { Engine } from '../engine/engine.ts';

/**
 * Reads the memory in bytes that new programs can use on the engine's machine without swapping (proc(5), MemAvailable). Returns
 * undefined if this program and the engine run on different machines. The function compares the total memory of both to find
 * out.
 */
export async function findAvailableMemory(
  engine: Pick<Engine, 'info'>,
  file = '/proc/meminfo',
): Promise<number | undefined> {
  const [{ memory }, text] = await Promise.all([engine.info(), readFile(file, 'utf8').catch(() => '')]);
  return bytesOf(text, 'MemTotal') === memory ? bytesOf(text, 'MemAvailable') : undefined;
}

function bytesOf(text: string, field: string): number | undefined {
  const kibibytes = new RegExp(String.raw`^${field}: +(\d+) kB$`, 'm').exec(text)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
