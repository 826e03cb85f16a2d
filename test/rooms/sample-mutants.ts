import { createHash } from 'node:crypto';
import { CheckStatus, type Checker, type CheckResult } from '@stryker-mutator/api/check';
import { type Mutant, type StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import { number, object, parse, string } from 'valibot';
import { roomOfPath } from './rooms.ts';

/** The option of a StrykerJS run that `sampleMutants` reads. */
const Sample = object({ seed: string(), perRoom: number() });

/** The name of the checker that draws the sample. */
export const SAMPLER = 'sample';

/**
 * The mutants that a seed draws: at most `perRoom` of each room. The draw depends on the mutants alone, not on their order.
 */
export function drawSample(mutants: readonly Mutant[], seed: string, perRoom: number): readonly Mutant[] {
  const ranked = mutants
    .map((mutant) => ({ mutant, room: roomOfPath(mutant.fileName), rank: rankOf(mutant, seed) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
  return Object.values(Object.groupBy(ranked, ({ room }) => room)).flatMap((ofRoom = []) =>
    ofRoom.slice(0, perRoom).map(({ mutant }) => mutant),
  );
}

function rankOf({ fileName, location, mutatorName, replacement }: Mutant, seed: string): string {
  const { start, end } = location;
  const place = [roomOfPath(fileName), fileName.split('/').at(-1), start.line, start.column, end.line, end.column];
  return createHash('sha256')
    .update(JSON.stringify([seed, ...place, mutatorName, replacement]))
    .digest('hex');
}

/**
 * A StrykerJS checker that lets a sample of the mutants pass. StrykerJS counts the other mutants as mutants that do not
 * compile, and runs no test for them. A checker is StrykerJS's only extension point that sees a mutant before its tests.
 */
function sampleMutants(options: StrykerOptions): Checker {
  const { seed, perRoom } = parse(Sample, options['sample']);
  return {
    init: () => Promise.resolve(),
    // One group: a sample is drawn from all mutants.
    group: (mutants) => Promise.resolve([mutants.map(({ id }) => id)]),
    check(mutants) {
      const drawn = new Set(drawSample(mutants, seed, perRoom).map(({ id }) => id));
      const judge = ({ id }: Mutant): CheckResult =>
        drawn.has(id)
          ? { status: CheckStatus.Passed }
          : { status: CheckStatus.CompileError, reason: 'not in the sample' };
      return Promise.resolve(Object.fromEntries(mutants.map((mutant) => [mutant.id, judge(mutant)])));
    },
  };
}
sampleMutants.inject = tokens(commonTokens.options);

export const strykerPlugins = [declareFactoryPlugin(PluginKind.Checker, SAMPLER, sampleMutants)];

export const strykerValidationSchema = { properties: { sample: { type: 'object' } } };
