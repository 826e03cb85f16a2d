import { readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findAvailableMemory } from '../../../src/emerge/available-memory.ts';

const engine = (memory: number) => ({
  info: async () => ({ id: 'A', cpus: 1, memory, architecture: 'x86_64', dataRoot: '/' }),
});

function memoryFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'meminfo-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'meminfo');
  writeFileSync(file, text);
  return file;
}

const text = 'MemTotal:        8000000 kB\nMemFree:          100000 kB\nMemAvailable:    5000000 kB\nSwapTotal: 0 kB\n';

describe("the available memory of the engine's machine", () => {
  it("is this machine's if the engine runs on it", async () => {
    expect(await findAvailableMemory(engine(8_000_000 * 1024), memoryFile(text))).toBe(5_000_000 * 1024);
  });

  it('is unknown if the engine runs on another machine, or if /proc/meminfo does not tell it', async () => {
    expect(await findAvailableMemory(engine(8_000_001 * 1024), memoryFile(text))).toBeUndefined();
    expect(await findAvailableMemory(engine(8_000_000 * 1024), memoryFile(text.replace(/MemA.*\n/, '')))).toBe(
      undefined,
    );
    expect(await findAvailableMemory(engine(1), '/nowhere/at/all')).toBeUndefined();
  });

  it('is read from /proc/meminfo', async () => {
    const total = Number(/MemTotal: +(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    expect(await findAvailableMemory(engine(total))).toBeGreaterThan(0);
  });
});
