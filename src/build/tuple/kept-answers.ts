import { planKey, type Fingerprint } from '../../plan/fingerprint.ts';
import type { Image } from '../../engine/engine.ts';
import type { Tuple } from '../../site/site.ts';
import { parsePartition, type Partition } from '../../store/partition.ts';
import { inWorkspace } from '../in-workspace.ts';
import { mountAt } from '../mounts.ts';
import { withProbe, type Probe } from '../probe.ts';
import { removeWorkspace } from '../workspace.ts';
import type { PortageAnswer } from './ask-portage.ts';
import { stateVolume } from './claim-site.ts';
import type { SiteRun } from './site-run.ts';

/** Counted up whenever emerge is asked otherwise, or its answer is kept otherwise. */
const format = 1;

const statePlace = '/mnt/state';
const storePlace = '/mnt/store';

/** What was asked, and where: another image may have other packages. */
export interface Question {
  readonly tuple: Pick<Tuple, 'name'>;
  readonly fingerprint: Fingerprint;
  readonly image: Pick<Image, 'id'>;
}

/** The answers of Portage that a site has kept, one for each tuple: a later one takes the place of the one before. */
export interface KeptAnswers {
  /** The answer, if the question is the same and so is the index of its partition. One that cannot be read is none. */
  find(question: Question): Promise<PortageAnswer | undefined>;
  /** Keeps an answer. `index` is the partition's at the time when Portage was asked. */
  keep(question: Question, answer: PortageAnswer, index: string): Promise<void>;
  /** The text of a partition's `Packages`; empty if there is none. */
  readIndex(partition: Partition): Promise<string>;
}

/** Hands the kept answers of a run's site to `work`. They are in its state volume; no container is started for them. */
export async function withKeptAnswers<T>(
  run: SiteRun,
  image: Pick<Image, 'id'>,
  work: (answers: KeptAnswers) => Promise<T>,
): Promise<T> {
  const mounts = [
    { type: 'volume', source: stateVolume(run.site), target: statePlace },
    { ...mountAt(run.mounts.binpkgs, storePlace), readOnly: true },
  ] as const;
  return inWorkspace({ keepFailed: false }, run, async (workspace) => {
    const result = await withProbe(run.engine, workspace, { image: image.id, mounts }, (probe) =>
      work(answersIn(probe)),
    );
    await removeWorkspace(run, workspace.volume);
    return result;
  });
}

function answersIn(probe: Probe): KeptAnswers {
  const readIndex = async (partition: Partition) => (await probe.readText(`${storePlace}/${partition}/Packages`)) ?? '';
  return {
    readIndex,
    async find({ tuple, fingerprint, image }) {
      const kept = parseKept((await probe.readText(`${statePlace}/${pathOf(tuple)}`)) ?? '');
      if (kept === undefined || kept.fingerprint !== fingerprint.digest || kept.image !== image.id) return undefined;
      return kept.key === planKey(fingerprint, await readIndex(kept.answer.partition)) ? kept.answer : undefined;
    },
    async keep({ tuple, fingerprint, image }, answer, index) {
      const key = planKey(fingerprint, index);
      const kept = { format, fingerprint: fingerprint.digest, image: image.id, key, answer };
      await probe.writeText(statePlace, pathOf(tuple), `${JSON.stringify(kept)}\n`);
    },
  };
}

const pathOf = ({ name }: Pick<Tuple, 'name'>): string => `plans/${encodeURIComponent(name)}.json`;

interface Kept {
  readonly fingerprint: string;
  readonly image: string;
  readonly key: string;
  readonly answer: PortageAnswer;
}

/** Undefined for what was not written here, or not to its end. */
function parseKept(text: string): Kept | undefined {
  try {
    const kept = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { partition, exitStatus, lines, installed } = kept['answer'] as Readonly<Record<string, unknown>>;
    const place = typeof partition === 'string' ? parsePartition(partition) : undefined;
    const { fingerprint, image, key } = kept;
    const isWhole =
      kept['format'] === format &&
      [fingerprint, image, key].every((value) => typeof value === 'string') &&
      typeof exitStatus === 'number' &&
      isListOf(lines, (line) => typeof line === 'string') &&
      isListOf(installed, isInstalled);
    return isWhole && place !== undefined ? (kept as unknown as Kept) : undefined;
  } catch {
    return undefined;
  }
}

function isListOf(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isMember);
}

function isInstalled(value: unknown): boolean {
  const names = ['cpv', 'slot', 'repository'];
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'string')
  );
}
