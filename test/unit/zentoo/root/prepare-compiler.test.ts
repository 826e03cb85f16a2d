import { describe, expect, it } from 'vitest';
import type { Tuple } from '../../../../src/site/site.ts';
import { prepareCompiler, withOwnSettings } from '../../../../src/zentoo/root/prepare-compiler.ts';
import { tupleWork } from '../../../../src/zentoo/run/tuple-work.ts';
import { commits, portageBranch, siteOf, tupleOf } from '../../plan/sites.ts';
import { openRootSession } from '../root-session.ts';

const workOf = (tuple: Tuple) => tupleWork({ site: siteOf(), stages: new Map(), revisions: new Map() }, tuple);

describe('a container that compiles', () => {
  const tuple = tupleOf({ portage: portageBranch('base', commits[0], { 'make.conf': 'MAKEOPTS="-j2 -k"\n' }) });
  const work = workOf(tuple);
  const share = { jobs: 8, load: 8 };

  it('has a share of the machine in MAKEOPTS, and the MAKEOPTS of the branch are the limit', async () => {
    const { session, ran } = await openRootSession();
    await prepareCompiler(session, work, share);
    expect(ran).toEqual([['make-conf', '/etc/portage', 'MAKEOPTS="-j2 -l8 -k"\n']]);
  });

  it('limits NINJAOPTS of the branch, too', async () => {
    const { session, ran } = await openRootSession();
    const own = { 'make.conf': 'NINJAOPTS="-j16 -k 0"\n' };
    await prepareCompiler(session, workOf({ ...tuple, portage: portageBranch('base', commits[0], own) }), share);
    expect(ran).toEqual([['make-conf', '/etc/portage', 'MAKEOPTS="-j8 -l8"\nNINJAOPTS="-j8 -l8 -k 0"\n']]);
  });

  it('has it for the stage and for the root if the tuple is cross', async () => {
    const { session, ran } = await openRootSession();
    const cpu = { ...tuple.cpu, chost: 'x86_64-pc-linux-musl' };
    const cross = workOf({ ...tuple, cross: true, cpu, portage: portageBranch('base', commits[0]) });
    await prepareCompiler(session, cross, share);
    expect(ran).toEqual(
      ['/etc/portage', '/usr/x86_64-pc-linux-musl/etc/portage'].map((path) => [
        'make-conf',
        path,
        'MAKEOPTS="-j8 -l8"\n',
      ]),
    );
  });

  it('that is committed later has its own /etc/portage again afterwards', async () => {
    const { session, ran } = await openRootSession();
    const result = await withOwnSettings(session, { work, share }, () => Promise.resolve(ran.length));
    expect(result).toBe(2);
    const saved = '/var/tmp/portage/.gentoo-builder/configuration';
    expect(ran).toEqual([
      ['own-settings', saved],
      ['make-conf', '/etc/portage', 'MAKEOPTS="-j2 -l8 -k"\n'],
      ['own-settings', saved],
    ]);
  });

  it('that is committed later does not compile if its /etc/portage cannot be kept', async () => {
    const { session } = await openRootSession({ 'own-settings': { exitCode: 1, stderr: 'cp: full\n' } });
    const compile = () => Promise.reject(new Error('compiled'));
    await expect(withOwnSettings(session, { work, share }, compile)).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to save or restore /etc/portage of ${session.base}: cp: full`,
    });
  });
});
