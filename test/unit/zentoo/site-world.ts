import { defaultOutputDirectory } from '../../../src/zentoo/run/output-directory.ts';
import { siteMounts } from '../../../src/zentoo/run/site-mounts.ts';
import { tupleNamed, type SiteRun } from '../../../src/zentoo/run/site-run.ts';
import { tupleWork, type TupleWork } from '../../../src/zentoo/run/tuple-work.ts';
import type { ImageId } from '../../../src/engine/identifiers.ts';
import type { FakeEngine } from '../../support/fake-engine/fake-engine.ts';
import type { Site, Tuple } from '../../../src/site/site.ts';
import { siteOf, tupleOf } from '../plan/sites.ts';
import { BuildWorld, newLayout } from '../builder/build-world.ts';

/** What git has in a tree that is at that commit. */
export const treeFiles = {
  '/profiles/repo_name': 'gentoo\n',
  '/.git/HEAD': `${'c'.repeat(40)}\n`,
} as const;

const gentoo = { name: 'gentoo', location: '/var/db/repos/gentoo', syncType: 'git', syncUri: '', autoSync: true };

/** The tuple of {@link tupleOf}, whose branch has the repository gentoo. */
export function tupleWithTree(changes: Partial<Tuple> = {}): Tuple {
  const tuple = tupleOf(changes);
  return { ...tuple, portage: { ...tuple.portage, repositories: [gentoo] } };
}

/** A register that has every image of an engine, as if zentoo had committed all of them. */
export class AllRegistered extends Map<string, ImageId> {
  readonly #engine: FakeEngine;

  constructor(engine: FakeEngine) {
    super();
    this.#engine = engine;
  }

  override get(name: string): ImageId | undefined {
    return this.#engine.imageNames.get(name);
  }
}

/** An engine with the stage, the volumes and the tree of a site named `net`. */
export class SiteWorld extends BuildWorld {
  readonly stage = this.engine.addImage('gentoo-ministage', { layers: ['sha256:below'] });

  constructor({ tree = treeFiles }: { tree?: Readonly<Record<string, string>> } = {}) {
    super({ base: newLayout });
    this.addVolume('zentoo-net-state');
    this.addVolume('zentoo-net-binpkgs');
    this.addVolume('zentoo-net-repository-gentoo', tree);
  }

  /** A run for all tuples of a site with these trees. */
  run(changes: Partial<Site> = {}, revisions = new Map([['gentoo', 'c'.repeat(40)]])): SiteRun {
    const tuples = changes.tuples ?? [tupleWithTree()];
    const site = siteOf({ tuples, repositories: [{ ...gentoo, branches: ['base'] }], ...changes });
    const anyStage = { name: 'gentoo-ministage', image: this.stage };
    const stages = new Map([['ministage', anyStage]]);
    return {
      ...this.context,
      site,
      volumePrefix: 'zentoo-net',
      isRegistered: true,
      mounts: siteMounts(site, 'zentoo-net'),
      tuples: site.tuples.map((tuple) => tupleWork({ site, stages, revisions }, tuple)),
      anyStage,
      images: new Map(),
      registered: new AllRegistered(this.engine),
      revisions,
      keepFailed: false,
      started: new Date(),
      outputDirectory: defaultOutputDirectory(site),
    };
  }

  /** The work of a tuple in a site that has this tuple alone. */
  workOf(tuple = tupleWithTree()): TupleWork {
    return tupleNamed(this.run({ tuples: [tuple] }), tuple.name);
  }
}
