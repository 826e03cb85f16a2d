import { defaultVolumes, type MountChoice, type Role } from '../../container/mounts.ts';
import { localEngineBeside } from '../../engine/docker/local-engine.ts';
import type { Engine, EngineInfo } from '../../engine/engine.ts';
import { findOwnContainer } from '../../engine/own-container.ts';
import type { Report } from '../../report/event.ts';
import type { SiteRun } from '../run/site-run.ts';
import { copyNames } from './engine-copies.ts';

/** The site's run on a further engine, whose mounts are volumes with copies. */
export async function farRun(
  home: SiteRun,
  { name, engine, own }: { readonly name: string; readonly engine: Engine; readonly own: EngineInfo },
): Promise<SiteRun> {
  const names = copyNames(home);
  const volume = (role: Role, source: string): MountChoice => ({
    ...{ role, type: 'volume', source, origin: 'default', readOnly: false },
  });
  const trees = [...home.revisions].map(
    ([tree, revision]) => [tree, volume('tree', names.tree(tree, revision))] as const,
  );
  const { self } = home;
  return {
    ...home,
    engine,
    report: namingEngine(home.report, name),
    // A container of the site's own engine is another engine's here, and owners are judged by the engine on which they are.
    self: self === undefined ? await findOwnContainer(engine) : undefined,
    findLocal:
      self === undefined ? localEngineBeside(engine) : () => Promise.resolve({ id: own.id, self, engine: home.engine }),
    site: { ...home.site, ccache: false },
    registered: new Map(),
    tmpfs: undefined,
    keepFailed: false,
    mounts: {
      binpkgs: volume('binpkgs', names.binpkgs),
      distfiles: volume('distfiles', names.distfiles),
      metadata: volume('metadata', names.metadata),
      logs: volume('logs', defaultVolumes.logs),
      trees: new Map(trees),
    },
  };
}

/** Names the engine in notes and warnings. */
function namingEngine(report: Report, name: string): Report {
  return (event) =>
    report(
      event.type === 'note' || event.type === 'warning'
        ? { ...event, message: `on the engine ${name}: ${event.message}` }
        : event,
    );
}
