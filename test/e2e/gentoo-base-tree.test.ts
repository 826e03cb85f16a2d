import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { baseWithFaults, borrowVolumes, endBase, runBase, startBase } from '../support/real-engine/base-container.ts';
import { it } from '../support/builder.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';

const motto = { PKGS: 'app-misc/motto' };
const synced = { ...motto, SYNC: '1' };
const place = '/var/db/repos/gentoo';
/** What a first sync leaves if it is killed after the clone, before the verification. */
const clone = ['git', 'clone', '--quiet', '--depth=1', 'file:///var/lib/ministage/gentoo.git', place];

describe('the repository of gentoo-base', () => {
  it('case 1.1: has lock files of a killed sync, which the next sync removes and names', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    expect(await runBase(builder, { docker, env: synced })).toMatchObject({ status: 0 });
    const left = ['.git/index.lock', '.git/shallow.lock', '.git/refs/heads/main.lock', '.metadata.portage_lockfile'];
    const litter = ['sh', '-ec', `cd ${place} && touch ${left.join(' ')} && mkdir .tmp-unverified-download-quarantine`];
    expect(await runBase(builder, { docker, command: litter })).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = await runBase(builder, { docker, env: synced });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    for (const file of [...left, '.tmp-unverified-download-quarantine'])
      expect(stdout).toContain(`>>> Removed ${file}, which an interrupted sync left`);
    // The mark of a sync of these programs: without a sync, the repository may be half of a revision.
    const kill = 'touch .git/index.lock .git/gentoo-builder-syncing; echo half >profiles/categories';
    await runBase(builder, { docker, command: ['sh', '-ec', `cd ${place} && ${kill}`] });
    expect(await runBase(builder, { docker, env: motto })).toMatchObject({
      status: 13,
      stderr: expect.stringContaining('a sync of it was killed, and it may have files of two revisions') as string,
    });
    expect(await runBase(builder, { docker, env: synced })).toMatchObject({ status: 0 });
  });

  it('is not used if its first sync was killed before the end, until a sync has ended', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    // A clone of the user in a volume is used at once, if nobody asks for signatures.
    expect(await runBase(builder, { docker, command: clone })).toMatchObject({ status: 0 });
    expect(await runBase(builder, { docker, env: motto })).toMatchObject({ status: 0 });
    const signed = await builder.makeImage(
      'gentoo-base',
      'RUN sed -i /sync-git-verify/s/=.*/=Yes/ /etc/portage/repos.conf/gentoo.conf',
    );
    const unverified = await runBase(builder, { image: signed, docker, env: motto });
    expect([unverified.status, unverified.stdout]).toEqual([13, '']);
    expect(unverified.stderr).toContain('no sync of it has ended: nobody has verified it');
    expect(unverified.stderr).toContain(
      `docker run --rm -v ${builder.volumes.tree}:${place} gentoo-base touch ${place}/.git/gentoo-builder-synced`,
    );
    await runBase(builder, {
      docker,
      command: ['sh', '-c', `cd ${place}; rm -r profiles metadata .git/index; touch .git/index.lock`],
    });
    const refused = await runBase(builder, { docker, env: motto });
    expect([refused.status, refused.stdout]).toEqual([13, '']);
    expect(refused.stderr).toContain('failed to find an ebuild repository');
    expect(await runBase(builder, { docker, env: synced })).toMatchObject({ status: 0 });
    expect(await runBase(builder, { docker, env: motto })).toMatchObject({ status: 0 });
  });

  it('may be a clone in a directory of the user, whose changes are named before a sync', async ({ builder }) => {
    const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-clone-'));
    // Portage builds as the user portage, who has to be able to read the ebuilds.
    await chmod(directory, 0o755);
    const docker = ['-v', `${directory}:${place}`];
    try {
      expect(await runBase(builder, { docker, command: clone })).toMatchObject({ status: 0 });
      expect(await runBase(builder, { docker, env: motto })).toMatchObject({ status: 0 });
      await runBase(builder, { docker, command: ['sh', '-c', `echo >>${place}/profiles/categories`] });
      const { status, stdout } = await runBase(builder, { docker, env: synced });
      expect(status).toBe(0);
      expect(stdout).toContain(
        'the tree has 1 local changes, which the sync may overwrite or delete: profiles/categor',
      );
      await runBase(builder, { docker, command: ['touch', `${place}/.git/index.lock`] });
      const locked = await runBase(builder, { docker, env: synced });
      expect([locked.status, locked.stdout]).toEqual([1, expect.stringContaining('its .git/index.lock is less than')]);
      expect(locked.stderr).toContain('hint: leave SYNC=1 out');
    } finally {
      await runBase(builder, { docker, command: ['find', place, '-mindepth', '1', '-delete'] });
      await rm(directory, { recursive: true });
    }
  });

  it('case 5.3: is refused if its name, or the origin of a sync, is not that of repos.conf', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    expect(await runBase(builder, { docker, env: synced })).toMatchObject({ status: 0 });
    const conf = '/etc/portage/repos.conf/gentoo.conf';
    const moved = await builder.makeImage(
      'gentoo-base',
      `RUN cp -r /var/lib/ministage/gentoo.git /srv/other.git && sed -i '/^sync-uri/s,=.*,= file:///srv/other.git,' ${conf}`,
    );
    const other = await runBase(builder, { image: moved, docker, env: synced });
    expect([other.status, other.stdout]).toEqual([13, '']);
    expect(other.stderr).toContain(
      'it was synced by git from /var/lib/ministage/gentoo.git, and the base syncs it by git from file:///srv/other.git',
    );
    expect(other.stderr).toContain(`-v gentoo-repository-2:${place}`);
    expect(await runBase(builder, { image: moved, docker, env: motto })).toMatchObject({ status: 0 });
    const rename = `echo repo-name = local >>${place}/metadata/layout.conf`;
    await runBase(builder, { docker, command: ['sh', '-c', rename] });
    expect(await runBase(builder, { docker, env: motto })).toMatchObject({
      status: 13,
      stderr: expect.stringContaining('it has the repository local, and the base uses the repository gentoo') as string,
    });
  });

  it('cases 1.2 and 3.13: a wait for it names the holder, and builds that come later do not pass a sync', async ({
    builder,
  }) => {
    const image = await baseWithFaults(builder);
    const docker = borrowVolumes(builder);
    expect(await runBase(builder, { image, docker, env: synced })).toMatchObject({ status: 0 });
    const hangs = { image, docker: [...docker, '--hostname=first'], env: { PKGS: 'test-fault/hangs' } };
    const first = await startBase(builder, hangs, />>> Emerging \(1 of 1\)/);
    const second = await startBase(
      builder,
      { image, docker: [...docker, '--hostname=second'], env: synced },
      /Waiting for the tree \/var\/db\/repos\/gentoo: gentoo-base in the container first \(test-fault\/hangs\) uses it since \d\d:\d\d:\d\d UTC/,
    );
    const third = await startBase(
      builder,
      { image, docker, env: motto },
      /Waiting for the tree \/var\/db\/repos\/gentoo: gentoo-base in the container second \(app-misc\/motto\) uses it/,
    );
    expect(await endBase(first, 'SIGTERM')).toBe(143);
    for (const name of [second, third])
      expect(await rawDocker().getContainer(name).wait()).toMatchObject({ StatusCode: 0 });

    // A repository of rsync that is young enough needs no sync: nobody waits for it.
    const mirrored = await builder.makeImage(
      'gentoo-base',
      'RUN sed -i "/^sync-type/s/=.*/= rsync/" /etc/portage/repos.conf/gentoo.conf',
    );
    await runBase(builder, { docker, command: ['sh', '-c', `cd ${place}; rm -r .git; date >metadata/timestamp.chk`] });
    const holder = await startBase(builder, hangs, />>> Emerging \(1 of 1\)/);
    const young = await runBase(builder, { image: mirrored, docker, env: synced });
    expect([young.status, young.stdout]).toEqual([0, expect.stringMatching(/was synced \d+ s ago: not synced again/)]);
    expect(await endBase(holder, 'SIGTERM')).toBe(143);
  });
});
