import { defineConfig } from 'vitest/config';

/** Builds a site on a Docker Swarm of three engines, which needs root and minutes: `npm test` does not run these tests. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    name: 'swarm',
    include: ['test/swarm/**/*.test.ts'],
    retry: 0,
    passWithNoTests: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Most of the time, tests wait for engines.
    maxWorkers: 2,
  },
});
