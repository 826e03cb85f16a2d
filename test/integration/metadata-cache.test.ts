import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage } from '../../src/builder/build-image.ts';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import { parseContainerId } from '../../src/engine/identifiers.ts';
import type { Event } from '../../src/report/event.ts';
import { gone } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer, siteYaml, ZentooSite } from '../support/zentoo-site.ts';
import { buildRequest, packages, program } from '../unit/builder/build-world.ts';

const trees = { gentoo: uniqueName('metadata-tree'), overlay: uniqueName('metadata-overlay') };
const mountTrees = ['-v', `${trees.gentoo}:/var/db/repos/gentoo`, '-v', `${trees.overlay}:/var/db/repos/overlay`];

/** Each ebuild of the trees writes its name to a file `sourced` when bash sources it for its metadata. */
const traced = `
for ebuild in /var/db/repos/*/*/*/*.ebuild; do
  printf '%s\\n' 'for f in /var/cache/distfiles/sourced /var/log/portage/sourced; do [[ ! -w $f || \${EBUILD_PHASE} != depend ]] || echo "\${CATEGORY}/\${PF}" >>$f; done' >>$ebuild
done`;

/** A repository that takes an eclass of its master, with one package. */
const overlay = `
mkdir -p /var/db/repos/gentoo/eclass /var/db/repos/overlay/{profiles,metadata,app-misc/over}
echo 'OVER=of-gentoo' >/var/db/repos/gentoo/eclass/over.eclass
cd /var/db/repos/overlay
echo overlay >profiles/repo_name
printf 'masters = gentoo\\nthin-manifests = true\\n' >metadata/layout.conf
echo 'EAPI=8
inherit over
DESCRIPTION="\${OVER}"
HOMEPAGE="https://example.org/over"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
S=\${WORKDIR}
RDEPEND="app-misc/greet"' >app-misc/over/over-1.ebuild`;

/** Changes an ebuild, which then has another time and another hash. */
const change = (file: string) => inContainer(stage, `echo '# changed' >>/var/db/repos/${file}`, mountTrees);

beforeAll(async () => {
  const strip = 'rm -r /var/db/repos/gentoo/metadata/md5-cache /var/db/repos/gentoo/.git';
  await inContainer(stage, `emerge --sync -q; ${strip}; ${overlay}; ${traced}`, mountTrees);
});
afterAll(async () => {
  for (const volume of Object.values(trees)) await gone(rawDocker().getVolume(volume).remove());
});

/** The names that were traced to a volume since the last call, sorted. */
async function takeSourced(volume: string): Promise<readonly string[]> {
  const take = 'touch /v/sourced; cat /v/sourced; : >/v/sourced; chmod 666 /v/sourced';
  const text = await inContainer(stage, take, ['-v', `${volume}:/v`]);
  return text.split('\n').filter(Boolean).toSorted();
}

describe('case 5.11: zentoo with two trees without a metadata cache, one of which has the other as master', () => {
  const site = new ZentooSite('metadata');
  const distfiles = uniqueName('metadata-distfiles');
  const sync = async () => {
    const outcome = await site.run(['sync']);
    expect(outcome.status, outcome.stderr).toBe(0);
    return takeSourced(distfiles);
  };

  beforeAll(async () => {
    const volumes = { trees, distfiles };
    site.write('site.yaml', siteYaml(site, {}).replace('{ trees: {} }', JSON.stringify(volumes)));
    site.write('config/tuples', 'plain-base-plain-over\n');
    site.write('config/sets/over', 'app-misc/over\n');
    site.branch('portage', 'base', {
      'repos.conf/gentoo.conf':
        '[DEFAULT]\nmain-repo = gentoo\n\n[gentoo]\nlocation = /var/db/repos/gentoo\nauto-sync = no\n',
      'repos.conf/overlay.conf': '[overlay]\nlocation = /var/db/repos/overlay\nauto-sync = no\n',
    });
    await takeSourced(distfiles);
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await gone(rawDocker().getVolume(distfiles).remove());
  });

  it('sources each ebuild once in the first sync, and none in containers afterwards', async () => {
    const sourced = await sync();
    expect(sourced).toEqual([...new Set(sourced)]);
    expect(sourced).toEqual(
      expect.arrayContaining(
        ['over-1', 'greet-1.0', 'timepiece-1.0', 'timepiece-2.0'].map((name) => `app-misc/${name}`),
      ),
    );
    expect(await sync()).toEqual([]);
    const plan = await site.run(['plan']);
    expect(plan.stdout, plan.stderr).toContain('app-misc/over-1');
    expect(await takeSourced(distfiles)).toEqual([]);
  });

  it('sources one ebuild after one was changed, and the ebuilds that inherit an eclass of the master that was changed', async () => {
    await change('gentoo/app-misc/greet/greet-1.0.ebuild');
    expect(await sync()).toEqual(['app-misc/greet-1.0']);
    await change('gentoo/eclass/over.eclass');
    expect(await sync()).toEqual(['app-misc/over-1']);
  });

  it('builds without the cache if the cache is damaged, and the next sync warns', async () => {
    const cache = ['-v', `zentoo-${site.name}-metadata:/c`];
    await inContainer(stage, 'rm -r /c/var; : >/c/var', cache);
    const { status, stderr, stdout } = await site.run(['plan']);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('Traceback')]);
    expect(stdout).toContain('app-misc/over-1');
    const outcome = await site.run(['sync']);
    expect([outcome.status, outcome.stderr]).toEqual([
      0,
      expect.stringMatching(
        /warning: the metadata of the ebuild repository gentoo was not cached in the volume zentoo-/,
      ),
    ]);
  });
});

describe('case 5.11: gentoo-builder with a tree without a metadata cache', () => {
  const volumes = {
    '/var/db/repos/gentoo': trees.gentoo,
    '/var/cache/distfiles': uniqueName('metadata-distfiles'),
    '/var/cache/edb/dep': uniqueName('metadata-cache'),
    '/var/log/portage': uniqueName('metadata-logs'),
  };
  const logs = volumes['/var/log/portage'];
  const self = uniqueName('metadata-self');
  const events: Event[] = [];

  /** Builds an image in a builder that has these mounts, and removes the image. Returns the ebuilds that were sourced. */
  async function build(): Promise<readonly string[]> {
    const engine = await connectEngine(process.env);
    const id = parseContainerId((await rawDocker().getContainer(self).inspect()).Id);
    const { signal } = new AbortController();
    const report = (event: Event) => void events.push(event);
    const context = { engine, report, signal, self: id && (await engine.inspectContainer(id)) };
    const asked = {
      packages: packages('sys-apps/stage-info'),
      base: stage,
      sync: false,
      binpkgs: false,
      rebuild: true,
    };
    const { image } = await buildImage(buildRequest(asked), context, program);
    await rawDocker().getImage(image.name).remove({ force: true });
    return takeSourced(logs);
  }

  beforeAll(async () => {
    const binds = Object.entries(volumes).map(([target, volume]) => `${volume}:${target}`);
    await rawDocker().createContainer({ name: self, Image: stage, HostConfig: { Binds: binds } });
    await takeSourced(logs);
  });
  afterAll(async () => {
    await rawDocker().getContainer(self).remove({ v: true });
    for (const volume of Object.values(volumes).slice(1)) await gone(rawDocker().getVolume(volume).remove());
  });

  it('sources the ebuilds that emerge looks at in the first build only, and one after one was changed', async () => {
    const first = await build();
    expect(first).toEqual(['sys-apps/stage-info-1.0']);
    expect(await build()).toEqual([]);
    await change('gentoo/sys-apps/stage-info/stage-info-1.0.ebuild');
    expect(await build()).toEqual(['sys-apps/stage-info-1.0']);
  });

  it('builds without a damaged cache, with a warning', async () => {
    await inContainer(stage, 'rm -r /c/var; : >/c/var', ['-v', `${volumes['/var/cache/edb/dep']}:/c`]);
    events.length = 0;
    expect(await build()).toEqual(['sys-apps/stage-info-1.0']);
    const message = 'the metadata cache in /var/cache/edb/dep is not used: /var/cache/edb/dep/var is not a directory';
    expect(events).toContainEqual(expect.objectContaining({ type: 'warning', message }));
  });
});
