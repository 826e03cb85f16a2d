import { stat } from 'node:fs/promises';
import type { Engine } from '../../engine/engine.ts';
import type { OutputName } from '../../output-name.ts';
import { describeElogEntries } from '../../record/build-record.ts';
import type { TargetRecord } from '../../record/build-record.ts';
import { recordFailures } from '../../record/build-recorder.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleOutcome } from './collect-outcomes.ts';

/** Describes the tuples of a build for its record, with the sizes of their images and archives. */
export function describeTargets(
  { engine }: Pick<SiteRun, 'engine'>,
  outcomes: readonly TupleOutcome[],
): Promise<readonly TargetRecord[]> {
  return Promise.all(outcomes.map((outcome) => describeTarget(engine, outcome)));
}

async function describeTarget(engine: Engine, outcome: TupleOutcome): Promise<TargetRecord> {
  const target: TargetRecord = {
    ...{ name: outcome.tuple.name, result: outcome.type },
    ...{ image: null, archive: null, packages: [], failures: [], elog: [] },
  };
  switch (outcome.type) {
    case 'failed':
      return { ...target, failures: recordFailures(outcome.failures), elog: describeElogEntries(outcome.elog) };
    case 'unchanged':
      return { ...target, ...(await describeFiles(engine, outcome.outputs)) };
    case 'built':
      return {
        ...target,
        ...(await describeFiles(engine, outcome.outputs)),
        packages: outcome.packages.map((one) => ({
          ...one,
          installedBytes: outcome.sizes[one.cpv]?.installed ?? null,
          binaryBytes: outcome.sizes[one.cpv]?.binary ?? null,
        })),
        elog: describeElogEntries(outcome.elog),
      };
  }
}

type Files = Pick<TargetRecord, OutputName>;

async function describeFiles(
  engine: Engine,
  { image, archive }: Readonly<Partial<Record<OutputName, string>>>,
): Promise<Files> {
  const bytesOfImage = (name: string) => engine.inspectImage(name).then((found) => found?.size ?? null);
  const bytesOfFile = (path: string) => stat(path).then(({ size }) => size);
  return { image: await describeFile(image, bytesOfImage), archive: await describeFile(archive, bytesOfFile) };
}

/** Describes a file. Its size is null if it cannot be found. */
async function describeFile(
  name: string | undefined,
  measure: (name: string) => Promise<number | null>,
): Promise<Files['image']> {
  return name === undefined ? null : { name, bytes: await measure(name).catch(() => null) };
}
