import { defineConfig } from 'vitest/config';

/** Minutes of real image builds: apart from the tiers of `npm test`. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/builders/**/*.test.ts'],
    testTimeout: 900_000,
    fileParallelism: false,
  },
});
