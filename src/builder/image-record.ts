import { refusalFailure } from '../container/refusal-failure.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import { failuresOf } from '../failure.ts';
import type { ElogEntry } from '../portage/output/elog.ts';
import type { BuildRecord } from '../record/build-record.ts';
import { BuildRecorder, recordFailures, type RecordedTask } from '../record/build-recorder.ts';
import type { Report } from '../report/event.ts';
import type { BuildRequest } from './build-request.ts';
import { describeFailedTarget, describeTarget, type MadeImage } from './describe-target.ts';

/** The record of one main job: one task, which begins with this object, and one target, the image. */
export class ImageRecord {
  readonly #recorder = new BuildRecorder();
  readonly #task: RecordedTask;
  readonly #program: BuildRecord['program'];

  constructor({ base, packages }: Pick<BuildRequest, 'base' | 'packages'>, program: BuildRecord['program']) {
    const identity = { kind: 'image', place: base ?? '', name: packages.join(' '), version: '' } as const;
    this.#task = this.#recorder.beginTask(identity, undefined);
    this.#program = program;
  }

  /** Returns a report that records each event and passes it on. */
  watch(report: Report): Report {
    return this.#recorder.watch(report);
  }

  /** Ends the task, or moves its end to now, and returns the record of a job that has an image. */
  endWithImage(made: MadeImage): BuildRecord {
    this.#task.end('done');
    return this.#read((built) => describeTarget(made, built));
  }

  /** Ends the task and returns the record of a job that has no image because of `error`. `elog` are the messages of packages. */
  endWithError(error: unknown, elog: readonly ElogEntry[]): BuildRecord {
    this.#task.end('failed');
    const failures = error instanceof EngineRefusal ? [refusalFailure(error)] : failuresOf(error);
    return this.#read(() => describeFailedTarget(recordFailures(failures), elog));
  }

  #read(describe: (built: BuildRecord['packages']) => BuildRecord['targets'][number]): BuildRecord {
    const record = this.#recorder.read({ program: this.#program, site: null }, []);
    return { ...record, targets: [describe(record.packages)] };
  }
}
