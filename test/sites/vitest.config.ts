import { defineConfig } from 'vitest/config';

/** Minutes of sites built again and again, of a store that is broken in every way: apart from the tiers of `npm test`. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    name: 'sites',
    include: ['test/sites/**/*.test.ts'],
    retry: 0,
    passWithNoTests: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
