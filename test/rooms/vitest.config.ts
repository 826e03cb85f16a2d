import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { roomOfPath, testsOf } from './rooms.ts';

/**
 * Runs the tests that import the mutant's module first, then the other tests of its room. StrykerJS runs all related tests for
 * a mutant of a module's top level and stops at the first failure, which is most likely there.
 */
class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const [mutated] = this.ctx.config.related ?? [];
    if (mutated === undefined) return sorted;
    const project = mutated.slice(0, mutated.lastIndexOf('/src/'));
    const folder = `/${testsOf(roomOfPath(mutated, project), project)}/`;
    const rankOf = (file: string) => {
      if (readFileSync(file, 'utf8').includes(mutated.slice(project.length))) return 0;
      return file.includes(folder) ? 1 : 2;
    };
    const ranks = new Map(sorted.map(({ moduleId }) => [moduleId, rankOf(moduleId)]));
    return sorted.toSorted((a, b) => (ranks.get(a.moduleId) ?? 0) - (ranks.get(b.moduleId) ?? 0));
  }
}

/** The unit tests for the mutation run, which knows no projects. */
export default defineConfig({
  test: {
    // Relative to the folder that `mutants.ts` gives as `dir`.
    include: ['**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // As in the unit tier.
    restoreMocks: true,
    unstubEnvs: true,
    sequence: { sequencer: NearestFirst },
  },
});
