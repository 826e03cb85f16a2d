import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * The tiers, in the order in which they run. The unit tier runs a file for each processor at a time, the tiers that use an
 * engine run two. The time limits, in seconds, end a test that hangs; they are far longer than a test takes, also on a busy
 * machine.
 */
const tiers = [
  { name: 'unit', timeout: 120, workers: '100%' },
  { name: 'integration', timeout: 300, workers: 2 },
  { name: 'e2e', timeout: 900, workers: 2 },
] as const;

/** Test files share a process and load each module once. Spies and environment variables end with their test. */
const sharedProcess = {
  isolate: false,
  restoreMocks: true,
  unstubEnvs: true,
  setupFiles: ['test/unit/process-state.ts'],
  env: temporaryDirectory(),
};

export default defineConfig({
  test: {
    retry: 0,
    passWithNoTests: false,
    reporters: ['default', failEmptyTiers()],
    projects: tiers.map(({ name, timeout, workers }, order) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        testTimeout: timeout * 1000,
        hookTimeout: timeout * 1000,
        // Never 0: vitest runs files of group 0 that have one worker after all other groups.
        sequence: { groupOrder: order + 1 },
        maxWorkers: workers,
        ...(name === 'unit' ? sharedProcess : { globalSetup: ['test/support/sweep.ts'] }),
      },
    })),
  },
});

/**
 * Lets the unit tests keep their temporary files in memory, if this machine has a file system for that: its kernel needs a third of
 * the processor time that the tests need with a file system on a disk.
 */
function temporaryDirectory(): { readonly TMPDIR?: string } {
  const directory = '/dev/shm';
  if (process.env['TMPDIR'] !== undefined) return {};
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const [, , type, options = ''] = mounts.findLast((mount) => mount.split(' ')[1] === directory)?.split(' ') ?? [];
    // Engines mount it in containers with 64 MB and without permission to run programs.
    if (type !== 'tmpfs' || options.split(',').includes('noexec')) return {};
    const { bavail, bsize } = statfsSync(directory);
    accessSync(directory, constants.W_OK);
    return bavail * bsize > 2 ** 30 ? { TMPDIR: directory } : {};
  } catch {
    return {};
  }
}

/**
 * Fails the run when a tier that it was to include has no test files, or when all of a tier's tests were skipped: by
 * itself vitest is content with one test anywhere.
 */
function failEmptyTiers(): Reporter {
  let vitest: Vitest | undefined;
  return {
    onInit(started) {
      vitest = started;
    },
    async onTestRunEnd(modules) {
      const isChoice = vitest?.config.testNamePattern !== undefined;
      for (const project of vitest?.projects ?? []) {
        const { testFiles } = await project.globTestFiles();
        const ofTier = modules.filter((module) => module.project.name === project.name);
        if (testFiles.length === 0) fail(`the tier ${project.name} has no tests`);
        else if (!isChoice && ofTier.length > 0 && ofTier.every(isSkipped))
          fail(`${project.name}: all tests were skipped`);
      }
      if (isChoice && modules.every(isSkipped)) fail('no test has such a name');
    },
  };
}

function isSkipped(module: TestModule): boolean {
  return [...module.children.allTests()].every((test) => test.result().state === 'skipped') && module.ok();
}

function fail(reason: string): void {
  process.stderr.write(`\n${reason}\n`);
  process.exitCode = 1;
}
