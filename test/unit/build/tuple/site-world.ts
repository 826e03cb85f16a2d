import { defaultOutputDirectory } from '../../../../src/build/tuple/output-names.ts';
import { siteMounts } from '../../../../src/build/tuple/site-mounts.ts';
import type { SiteRun } from '../../../../src/build/tuple/site-run.ts';
import type { Site, Tuple } from '../../../../src/site/site.ts';
import { siteOf, tupleOf } from '../../plan/sites.ts';
import { BuildWorld, newLayout } from '../build-world.ts';

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

/** An engine with the stage, the volumes and the tree of a site named `net`. */
export class SiteWorld extends BuildWorld {
  readonly stage = this.engine.addImage('gentoo-ministage', { layers: ['sha256:below'] });

  constructor({ tree = treeFiles }: { tree?: Readonly<Record<string, string>> } = {}) {
    super({ base: newLayout });
    this.addVolume('zentoo-net-state');
    this.addVolume('zentoo-net-binpkgs');
    this.addVolume('zentoo-net-repository-gentoo', tree);
  }

  run(changes: Partial<Site> = {}): SiteRun {
    const tuples = changes.tuples ?? [tupleWithTree()];
    const site = siteOf({ tuples, repositories: [{ ...gentoo, branches: ['base'] }], ...changes });
    return {
      ...this.context,
      site,
      mounts: siteMounts(site),
      stages: new Map([['ministage', { name: 'gentoo-ministage', image: this.stage }]]),
      images: new Map(),
      revisions: new Map([['gentoo', 'c'.repeat(40)]]),
      keepFailed: false,
      started: new Date(),
      outputDirectory: defaultOutputDirectory(site),
    };
  }
}
