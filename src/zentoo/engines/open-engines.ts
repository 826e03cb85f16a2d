import { randomBytes } from 'node:crypto';
import { makeDefaultVolume } from '../../container/default-volumes.ts';
import { removeOwnWorkspaces, sweepWorkspaces } from '../../container/workspace.ts';
import type { Engine, EngineInfo } from '../../engine/engine.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import { Failure } from '../../failure.ts';
import { explainRefusal } from '../../container/refusal-failure.ts';
import { CheckedCpus } from '../run/checked-cpus.ts';
import type { SiteRun } from '../run/site-run.ts';
import { findForeignCopy, removeOldCopies } from './engine-copies.ts';
import { farRun } from './far-run.ts';
import type { EngineChoice } from './engine-choice.ts';
import { EngineSupply } from './engine-supply.ts';

/** A further engine that takes part in a build. */
export interface FurtherEngine extends AsyncDisposable, Pick<EngineChoice, 'name' | 'isOpen' | 'jobs' | 'reserved'> {
  readonly info: EngineInfo;
  /** The run for the orders that this engine carries out. */
  readonly run: SiteRun;
  /** What the engine has of what orders need; it grows. */
  readonly has: ReadonlySet<string>;
  /** Brings an image of the site's own engine. */
  readonly bringImage: (id: ImageId) => Promise<void>;
}

/**
 * Connects to further engines and checks them: Docker, of the architecture of the site's own engine, each another engine. Removes what
 * former builds left there. Throws the failure of an engine that cannot be reached, and `node-unfit`.
 */
export async function openEngines(home: SiteRun, choices: readonly EngineChoice[]): Promise<readonly FurtherEngine[]> {
  if (choices.length === 0) return [];
  const own = await home.engine.info();
  const opened = await Promise.all(
    choices.map(async (choice) => {
      const engine = await choice.connect();
      const info = await engine.info();
      checkEngine(choice.name, { engine, info }, own);
      return { ...choice, engine, info };
    }),
  );
  await checkDistinct(home.engine, opened);
  const images = [...home.images.values()].map(({ id }) => id);
  return Promise.all(
    opened.map(async ({ name, options, engine, info, isOpen, jobs, reserved, server }) => {
      const far = await farRun(home, { name, engine, own });
      const foreign = await explainRefusal(cleanUp(far, images), `use the further engine ${name}`);
      if (foreign !== undefined) throw unfit(name, ...describeForeign(foreign, options));
      const supply = new EngineSupply(home, far, { name, server });
      const elsewhere = { engine: name, options, home, cpus: new CheckedCpus(), supply: supply.supply.bind(supply) };
      const dispose = async () => {
        // The copies are in use until the containers are gone that a lost connection left.
        await removeOwnWorkspaces(far);
        await supply[Symbol.asyncDispose]();
      };
      const bringImage = supply.bringImage.bind(supply);
      const run = { ...far, elsewhere };
      return {
        ...{ name, info, run, isOpen, jobs, reserved },
        has: supply.has,
        bringImage,
        [Symbol.asyncDispose]: dispose,
      };
    }),
  );
}

/** Removes what former builds left, and makes the volume for logs. Returns a volume of another program that is in the way. */
async function cleanUp(far: SiteRun, images: readonly ImageId[]): Promise<string | undefined> {
  await sweepWorkspaces(far, images);
  await removeOldCopies(far, images);
  await makeDefaultVolume(far, far.mounts.logs);
  return findForeignCopy(far);
}

function describeForeign(volume: string, options: readonly string[]): readonly [why: string, hint: string] {
  const command = ['docker', ...options, 'volume rm', volume].join(' ');
  return [`another program made its volume ${volume}`, `remove the volume if nobody needs it: ${command}`];
}

function checkEngine(
  name: string,
  { engine, info }: { readonly engine: Engine; readonly info: EngineInfo },
  own: EngineInfo,
): void {
  if (engine.flavour === 'podman')
    throw unfit(
      name,
      'it is Podman, whose images have other ids',
      'name a Docker engine, or build with this one alone',
    );
  if (info.architecture === own.architecture) return;
  const why = `its architecture is ${info.architecture}, and that of the site's own engine is ${own.architecture}`;
  throw unfit(name, why, `remove it from engines: in site.yaml and from --engine`);
}

/** Throws if two engines are one: two engines of Docker 20.10 on one machine may have one id, so a volume tells them apart. */
async function checkDistinct(
  home: Engine,
  opened: readonly { readonly name: string; readonly engine: Engine }[],
): Promise<void> {
  const seen: { readonly name: string; readonly engine: Engine; readonly marker: string }[] = [];
  const mark = async (name: string, engine: Engine) => {
    const marker = `zentoo-marker-${randomBytes(8).toString('hex')}`;
    await explainRefusal(engine.createVolume(marker, {}), `use ${name}`);
    seen.push({ name, engine, marker });
  };
  try {
    await mark("the site's own engine", home);
    for (const { name, engine } of opened) {
      for (const other of seen)
        if ((await engine.inspectVolume(other.marker)) !== undefined)
          throw unfit(name, `it is the same engine as ${other.name}`, 'name each engine once in engines: and --engine');
      await mark(`the further engine ${name}`, engine);
    }
  } finally {
    for (const { engine, marker } of seen) await engine.removeVolume(marker);
  }
}

function unfit(name: string, why: string, hint: string): Failure {
  return new Failure('node-unfit', `failed to use the further engine ${name}: ${why}`, { hint });
}
