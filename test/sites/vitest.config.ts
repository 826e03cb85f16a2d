import { defineConfig } from 'vitest/config';

/** Builds whole sites and damages a store, which takes minutes: `npm test` does not run these tests. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    name: 'sites',
    include: ['test/sites/**/*.test.ts'],
    retry: 0,
    passWithNoTests: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
    globalSetup: ['test/support/sweep.ts'],
  },
});
