import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersWith, untilRemoved } from '../support/builder.ts';
import type { CommandOutcome } from '../support/run-program.ts';
import { faultsConf, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

describe('case 1.5: two zentoo builds of one site at once', () => {
  const site = new ZentooSite('lease');
  const state = `zentoo-${site.name}-state`;
  let trees: SharedTrees & AsyncDisposable;

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, trees));
    site.write('config/tuples', ['plain-base-plain-hanging', 'plain-base-plain-clock'].join('\n'));
    site.write('config/sets/hanging', 'test-fault/hangs\n');
    site.write('config/sets/clock', 'app-misc/timepiece:2\napp-misc/greet\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  const compiled = ({ stderr }: CommandOutcome): readonly string[] =>
    stderr.match(/(?<=>>> Emerging \(\d+ of \d+\) )\S+(?=::)/g) ?? [];

  it('compile each package once, and the second says that it waits', async () => {
    const first = site.start(['build', 'plain-base-plain-clock']);
    await first.said(/: buildmaster /);
    const second = await site.build(['plain-base-plain-clock']);
    const { status, ...output } = await first.outcome;
    expect([status, second.status], output.stderr + second.stderr).toEqual([0, 0]);
    const packages = compiled({ status, ...output });
    expect(packages).toContain('app-misc/timepiece-2.0');
    expect(new Set(packages).size).toBe(packages.length);
    expect(compiled(second)).toEqual([]);
    expect([...second.tuples.values()]).toMatchObject([{ type: 'unchanged' }]);
    expect(second.stderr).toContain(
      `note: another build of the site ${site.name} is under way: this build waits for it, and then builds what is left`,
    );
    expect(second.stderr).toMatch(/: wait for the build that process \d+ began at .* UTC \.\.\.$/m);
    expect(await containersWith(state)).toEqual([]);
  });

  it('go on with the second if the first is killed: it takes the lease over', async () => {
    await site.run(['build', 'plain-base-plain-clock']);
    const first = site.start(['build', 'plain-base-plain-hanging']);
    await first.said(/Emerging .*test-fault\/hangs/);
    site.write('config/sets/clock', 'app-misc/timepiece:2\n');
    const second = site.start(['build', 'plain-base-plain-clock']);
    await second.said(/: wait for the build that process \d+ began/);
    first.kill('SIGKILL');
    await first.outcome;
    const { status, stderr } = await second.outcome;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(
      `note: took over the lease of the site ${site.name} from process ${first.pid}, which is gone`,
    );
    // The next command removes what the killed build left.
    expect((await site.run(['list'])).status).toBe(0);
    await untilRemoved(() => containersWith(state));
  });
});
