import { describe, expect, it } from 'vitest';
import { packageContents } from '../support/package-contents.ts';
import { SwarmBuilds } from './swarm-builds.ts';

const builds = SwarmBuilds.forTests({ builders: true, newer: 'node3' });
const sets = {
  a: ['app-misc/greet', 'app-misc/motto'],
  b: ['app-misc/timepiece:1', 'app-misc/timepiece:2'],
  c: ['virtual/greeter', 'app-misc/motto'],
};

describe('a swarm with nodes of Docker 20.10 and 26.1', () => {
  it('compiles packages on each, with the contents of those that one engine compiles, and leaves nothing', async () => {
    const [, newer] = builds.builders;
    expect((await newer.docker('version', '--format', '{{.Server.Version}}')).trim()).toMatch(/^26\.1\./);
    builds.site.writeSets(sets);
    const built = await builds.site.build();
    expect(built.status, built.stderr).toBe(0);
    for (const { name } of builds.builders) expect(built.stderr).toContain(`@${name}: compile`);
    await builds.expectNothingLeft();
    const contents = await builds.site.site.inStore(packageContents);
    expect(contents).toContain('usr/bin/greet');
    await builds.site.site.inStore('rm -rf /var/cache/binpkgs/*');
    // Other tuples of the same packages: the first ones are up to date.
    builds.site.writeSets({ d: sets.a, e: sets.b, f: sets.c });
    const alone = await builds.site.start('build', '--jobs', '1').outcome;
    expect(alone.status, alone.stderr).toBe(0);
    expect(alone.stderr).not.toContain('@node');
    expect(await builds.site.site.inStore(packageContents)).toBe(contents);
  });
});
