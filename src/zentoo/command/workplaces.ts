import type { Engine, EngineInfo } from '../../engine/engine.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import type { Estimate } from '../../plan/expand-site.ts';
import type { PackagesOrder, WorkOrder } from '../../plan/work-order.ts';
import type { BuildRecorder } from '../../record/build-recorder.ts';
import type { EngineFactors } from '../../schedule/engine-factors.ts';
import type { History } from '../../schedule/history.ts';
import type { EngineChoice } from '../engines/engine-choice.ts';
import { suppliedPackage } from '../engines/engine-supply.ts';
import { measureRoom, type Reserved } from '../engines/engine-room.ts';
import type { FurtherEngine } from '../engines/open-engines.ts';
import { EngineSlots } from '../engines/engine-slots.ts';
import type { Sharing, Workplace } from '../engines/workplace.ts';
import type { SwarmChoice } from '../swarm/open-swarm.ts';
import { createLocalExecutor } from '../execute/local-executor.ts';
import { chooseTmpfs } from '../run/choose-tmpfs.ts';
import type { SiteRun } from '../run/site-run.ts';
import { recordTasks } from './record-tasks.ts';
import type { FailureNotes } from './failure-notes.ts';

/** The parts of a build that its executors need. */
export interface WorkerSettings {
  /** The number of containers at the same time on each engine; chosen by its machine if undefined. */
  readonly jobs: number | undefined;
  readonly engines: readonly EngineChoice[];
  /** Connects to the swarm whose nodes compile packages; undefined if none does. */
  readonly swarm?: SwarmChoice | undefined;
  readonly recorder: BuildRecorder;
  readonly history: History;
  readonly notes: FailureNotes;
  readonly estimate: Estimate;
}

/** The site's own engine has its images and its store. */
const everything = { has: () => true };

/** The parts of a build from which its engines become workplaces. */
export interface Making extends WorkerSettings {
  readonly run: SiteRun;
  readonly factors: EngineFactors;
}

/** The site's own engine as a workplace beside others. `reserved` says what services of the swarm have reserved on its machine. */
export async function homePlace(
  { run, jobs, estimate, ...settings }: Making,
  machine: EngineInfo,
  reserved: (() => Reserved) | undefined,
): Promise<Workplace> {
  const { engine, site } = run;
  const { limits } = site;
  const room = () => measureRoom(machine, { reserved: reserved?.(), limits, jobs, isOwn: true });
  const { slots, share } = room();
  const onTmpfs = await chooseTmpfs(run, slots, share);
  return {
    ...{ name: '', architecture: machine.architecture, room, has: everything, engine },
    executor: recordTasks(createLocalExecutor(onTmpfs, machine, estimate), { ...settings, site }),
    sharing: shareEngine(run, { engine, room }, () => Promise.resolve()),
  };
}

/** A further engine as a workplace. */
export function furtherPlace({ run, factors, estimate, ...settings }: Making, further: FurtherEngine): Workplace {
  const { name, info, run: far, has, bringImage, isOpen, jobs, reserved } = further;
  const { engine } = far;
  const { limits } = run.site;
  const room = () =>
    measureRoom(info, { reserved: reserved?.(), limits, jobs: settings.jobs ?? jobs?.(), isOwn: false });
  const scaled = (order: WorkOrder) => scale(estimate(order), factors.factorOf(name));
  const elsewhere = { engine: name, factors };
  return {
    ...{ name, architecture: info.architecture, room, has, engine, isOpen },
    executor: recordTasks(createLocalExecutor(far, info, scaled), { ...settings, site: run.site, elsewhere }),
    sharing: shareEngine(run, { engine, room }, bringImage),
  };
}

/** Tells where there is no room for the number of containers that the user chose. */
export async function noteFewSlots({ run, jobs }: Making, places: readonly Workplace[]): Promise<void> {
  if (jobs === undefined) return;
  for (const { name, room } of places) {
    const { slots } = room();
    if (slots >= jobs) continue;
    const where = name === '' ? "the site's own engine" : `the engine ${name}`;
    const message = `${where} works in ${slots} containers at once, not in ${jobs}: it has no processors or no memory for more`;
    await run.report({ type: 'note', message });
  }
}

function scale(seconds: number | undefined, factor: number): number | undefined {
  return seconds === undefined ? undefined : seconds * factor;
}

/** How an engine is shared with other builds. `bring` brings an image of the site's own engine, that of `home`. */
function shareEngine(
  home: SiteRun,
  { engine, room }: Pick<Workplace, 'room'> & { readonly engine: Engine },
  bring: (id: ImageId) => Promise<void>,
): Sharing {
  return {
    slots: new EngineSlots(engine, () => room().slots),
    async bringImage(order) {
      const id = imageOf(home, order) ?? (await home.engine.inspectImage(order.buildmaster))?.id;
      if (id === undefined) throw new Error(`the buildmaster ${order.buildmaster} is gone`);
      await bring(id);
      return id;
    },
  };
}

/** What an order needs on its engine: the image, and binary packages. */
export function needsOf(run: SiteRun, order: WorkOrder): readonly string[] {
  if (order.kind !== 'packages') return [];
  const image = imageOf(run, order);
  return [...(image === undefined ? [] : [image]), ...order.dependencies.map((cpv) => suppliedPackage(order, cpv))];
}

function imageOf({ images, registered }: SiteRun, { buildmaster }: PackagesOrder): ImageId | undefined {
  return registered.get(buildmaster) ?? images.get(buildmaster)?.id;
}
