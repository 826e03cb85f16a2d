import { readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findAvailableMemory } from '../../../src/build/available-memory.ts';

const engine = (memory: number) => ({
  info: async () => ({ id: 'A', cpus: 1, memory, dataRoot: '/' }),
});

function memoryFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'meminfo-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'meminfo');
  writeFileSync(file, text);
  return file;
}

const text = 'MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    5000000 kB\nSwapTotal: 0 kB\n';

describe("what is free of the engine's memory", () => {
  it("is this machine's where it is the engine's", async () => {
    expect(await findAvailableMemory(engine(8_000_000 * 1024), memoryFile(text))).toBe(5_000_000 * 1024);
  });

  it("is not known where it is not the engine's, and where nothing says it", async () => {
    expect(await findAvailableMemory(engine(8_000_001 * 1024), memoryFile(text))).toBeUndefined();
    expect(await findAvailableMemory(engine(8_000_000 * 1024), memoryFile(text.replace(/MemA.*\n/, '')))).toBe(
      undefined,
    );
    expect(await findAvailableMemory(engine(1), '/nowhere/at/all')).toBeUndefined();
  });

  it('is read from what Linux says', async () => {
    const total = Number(/MemTotal: +(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    expect(await findAvailableMemory(engine(total))).toBeGreaterThan(0);
  });
});
