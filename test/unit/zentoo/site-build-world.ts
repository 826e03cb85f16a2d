import type { Site, Tuple } from '../../../src/site/site.ts';
import { buildSite, type BuildSettings, type SiteBuild } from '../../../src/zentoo/command/build-site.ts';
import type { SiteRun } from '../../../src/zentoo/run/site-run.ts';
import { packageSet } from '../plan/sites.ts';
import { type FakeEbuild, FakeEbuilds } from './fake-ebuilds.ts';
import { FakeSitePortage } from './fake-site-portage.ts';
import { SiteWorld, tupleWithTree } from './site-world.ts';

/** The program in the records of builds. */
const program = { name: 'zentoo', version: '1.2.3' };

const ebuilds: readonly FakeEbuild[] = [
  { cpv: 'dev-libs/lib-2' },
  { cpv: 'app-misc/tools-1.0', needs: ['dev-libs/lib'], warning: 'restart it' },
  { cpv: 'app-misc/web-3.1', needs: ['dev-libs/lib'] },
];

/** The tuple `x86-64-base-plain-<set>`, whose set has the atom `app-misc/<set>`. */
export function tupleOfSet(set: string, changes: Partial<Tuple> = {}): Tuple {
  const name = `x86-64-base-plain-${set}`;
  return tupleWithTree({ name, packages: packageSet(set), outputs: ['image'], ...changes });
}

/** The name of a tuple's image. */
export function imageOf({ name }: Pick<Tuple, 'name'>): string {
  return `zentoo/net/${name}:latest`;
}

/** An engine on which the tuples of a site are built from nothing. */
export class SiteBuildWorld extends SiteWorld {
  readonly sitePortage = new FakeSitePortage();
  readonly tuples: readonly Tuple[];

  constructor(tuples: readonly Tuple[] = [tupleOfSet('tools')], changes: readonly FakeEbuild[] = []) {
    super();
    this.tuples = tuples;
    this.sitePortage.ebuilds = new FakeEbuilds([...ebuilds, ...changes]);
    this.engine.onExec = this.sitePortage.script;
  }

  /** A run for all tuples. */
  siteRun(changes: Partial<Site> = {}, parts: Partial<SiteRun> = {}): SiteRun {
    return { ...this.run({ tuples: this.tuples, tmpfs: 'off', ...changes }), ...parts };
  }

  /** Builds all tuples. */
  build(
    run = this.siteRun(),
    jobs = 1,
    { retry = [], force = false, engines = [] }: Partial<BuildSettings> = {},
  ): Promise<SiteBuild> {
    return buildSite(run, { jobs, retry, force, engines, program });
  }

  /** The files of an image that has this name. */
  filesOf(name: string): readonly string[] {
    const id = this.engine.imageNames.get(name);
    return id === undefined ? [] : [...(this.engine.images.get(id)?.files.keys() ?? [])];
  }
}
