import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEbuild } from '../../support/fault-packages.ts';
import { EngineProxy } from '../../support/proxy.ts';
import { stage } from '../../support/real-engine/real-engine.ts';
import {
  faultsConf,
  inContainer,
  makeTrees,
  siteYaml,
  ZentooSite,
  type SharedTrees,
} from '../../support/zentoo-site.ts';

const tuple = 'plain-base-plain-leaning';
const cpv = 'test-fault/leaning-1';
const ebuild = `EAPI=8
DESCRIPTION="Fails, and needs a package with a USE flag"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
DEPEND="app-misc/greet"
`;
const failing = `${ebuild}src_compile() { die "it leans too far"; }\n`;

/** One tuple whose package fails, built again and again; the tests run in order. */
describe('zentoo build of a package that fails each time', () => {
  const site = new ZentooSite('hopeless');
  let trees: SharedTrees & AsyncDisposable;
  let proxy: EngineProxy;
  const write = (text: string, name = 'leaning') => writeEbuild(trees, name, text);
  /** Runs zentoo, and counts the containers that it started and the attempts to compile the package. */
  const zentoo = async (...args: readonly string[]) => {
    proxy.requests.length = 0;
    const outcome = await site.run(args, { DOCKER_HOST: proxy.address });
    const started = proxy.requests.filter((request) => /^POST \S*\/containers\/\w+\/start$/.test(request)).length;
    return { ...outcome, started, attempts: outcome.stderr.match(/>>> Emerging \(.*leaning/g)?.length ?? 0 };
  };
  const inState = (script: string) =>
    inContainer(stage, `cd /state && ${script}`, ['-v', `zentoo-${site.name}-state:/state`]);
  const refusal = new RegExp(
    `${tuple}: failed to emerge ${cpv}: it failed twice with the same inputs, last on \\d{4}-\\d\\d-\\d\\d; ` +
      `log: the volume gentoo-logs, (\\S+-test-fault_leaning-1/compile\\.log)\n`,
  );

  beforeAll(async () => {
    trees = await makeTrees();
    proxy = await EngineProxy.open();
    await write(failing);
    site.write('site.yaml', siteYaml(site, trees));
    site.write('config/tuples', `${tuple}\n`);
    site.write('config/sets/leaning', 'test-fault/leaning\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('tries twice, also if the second build has its dependency from the store and another ebuild is new', async () => {
    const first = await zentoo('build');
    expect([first.status, first.attempts], first.stderr).toEqual([31, 1]);
    await write(ebuild, 'another');
    const second = await zentoo('build');
    expect([second.status, second.attempts], second.stderr).toEqual([31, 1]);
    expect(second.stderr).toContain('it leans too far');
  });

  it('starts a container for Portage’s answer only the third time, and names the log', async () => {
    const { status, stderr, started, attempts } = await zentoo('build');
    expect([status, started, attempts], stderr).toEqual([31, 1, 0]);
    expect(stderr).toMatch(refusal);
    expect(stderr).toContain('or try again with --retry test-fault/leaning');
    const log = refusal.exec(stderr)?.[1] ?? '';
    expect(await inContainer(stage, `cat /logs/${log}`, ['-v', 'gentoo-logs:/logs:ro'])).toContain('it leans too far');
    const newest = 'ls builds | tail -n 1';
    expect(await inState(`cat "builds/$(${newest})/build.json"`)).toContain(`failed twice with the same inputs`);
  });

  it('plans the same failure, without a container the second time', async () => {
    await zentoo('plan');
    const { status, started, stdout, stderr } = await zentoo('plan');
    expect([status, started], stderr).toEqual([31, 0]);
    expect(stderr).toMatch(refusal);
    expect(stdout).toMatch(/^ {2}fail {2}test-fault\/leaning-1 .* try again with --retry test-fault\/leaning$/m);
  });

  it('tries again with --retry, which refuses a package that has not failed', async () => {
    const { status, stderr, started } = await zentoo('build', '--retry', 'test-fault/leanin');
    expect([status, started], stderr).toEqual([2, 0]);
    expect(stderr).toContain("; did you mean 'test-fault/leaning'?");
    expect(await zentoo('build', '--retry', 'test-fault/leaning')).toMatchObject({ status: 31, attempts: 1 });
    expect(await zentoo('build')).toMatchObject({ status: 31, attempts: 0 });
    expect(await zentoo('build', '--retry')).toMatchObject({ status: 31, attempts: 1 });
  });

  it.each([['a setting', 'make.conf', 'MAKEOPTS="-j1"\n']])(
    'tries again when its branch changes %s, and rests again when that is undone',
    async (_what, file, added) => {
      const former = site.read(`config/portage/${file}`);
      site.branch('portage', 'base', { [file]: `${former}${added}` });
      expect(await zentoo('build')).toMatchObject({ status: 31, attempts: 1 });
      site.branch('portage', 'base', { [file]: former });
      expect(await zentoo('build')).toMatchObject({ status: 31, attempts: 0 });
    },
  );

  it('tries again seven days after the last failure', async () => {
    const last = new Date(Date.now() - 7 * 24 * 3600 * 1000).toISOString();
    await inState(`sed -i 's/"last":"[^"]*"/"last":"${last}"/g' failed-packages.json`);
    expect(await zentoo('build')).toMatchObject({ status: 31, attempts: 1 });
    expect(await zentoo('build')).toMatchObject({ status: 31, attempts: 0 });
  });

  it('tries again with another version of the ebuild, and forgets the failures when it succeeds', async () => {
    await write(`${failing}# changed\n`);
    expect(await zentoo('build')).toMatchObject({ status: 31, attempts: 1 });
    await write(ebuild);
    const { status, stderr } = await zentoo('build');
    expect(status, stderr).toBe(0);
    expect(await inState('cat failed-packages.json')).toBe('{"format":1,"packages":[]}\n');
  });

  it('notes no failure for want of memory or of a source, and none of a package because of one that it needs', async () => {
    await write(ebuild.replace('app-misc/greet', 'test-fault/postinst-fails'), 'above');
    site.write('site.yaml', siteYaml(site, trees, { more: 'limits: { memory: 600M }' }));
    const lacking = ['out-of-memory', 'source-missing', 'above'];
    site.write('config/sets/leaning', lacking.map((name) => `test-fault/${name}\n`).join(''));
    await zentoo('build');
    const { status, stderr } = await zentoo('build');
    expect([31, 34, 36], stderr).toContain(status);
    for (const name of [
      'out-of-memory-1: cc1 was killed',
      'source-missing-1: could not',
      'postinst-fails-1: the postinst',
    ])
      expect(stderr).toContain(`failed to emerge test-fault/${name}`);
    const { packages } = JSON.parse(await inState('cat failed-packages.json')) as {
      packages: { packages: string[] }[];
    };
    expect(new Set(packages.flatMap((note) => note.packages))).toEqual(new Set(['test-fault/postinst-fails-1']));
  });
});
