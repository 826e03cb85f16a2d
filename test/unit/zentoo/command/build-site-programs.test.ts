import { describe, expect, it } from 'vitest';
import type { Tuple } from '../../../../src/site/site.ts';
import type { ExecResult } from '../../../support/fake-engine/fake-engine-execs.ts';
import { nothing } from '../../builder/build-world.ts';
import { packageSet, tupleOf } from '../../plan/sites.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const packages = packageSet('lib', [], 'dev-libs/lib');
const tuple = tupleOfSet('lib', { packages });
const native = { ...tupleOf().cpu, cflags: '-O2 -march=native' };

describe('a build whose stage or root is refused', () => {
  it.each<[string, string, ExecResult, string, Partial<Tuple>?]>([
    ['the stage has another CHOST', 'chost', { stdout: ' 9 i686-pc-linux-gnu\n' }, 'cpu-unusable'],
    ['the compiler refuses the CFLAGS', 'cpu', { stdout: 'flags : sse\n\0', stderr: 'bad -m\n' }, 'cpu-unusable'],
    ['the machine lacks AVX2', 'cpu', { stdout: 'flags : sse\n\0#define __AVX2__ 1\n' }, 'cpu-unusable'],
    ['the compiler does not resolve -march=native', 'native', { stdout: '' }, 'cpu-unusable', { cpu: native }],
    ['/etc/portage cannot be cleared', 'clear-configuration', { exitCode: 1, stderr: 'busy' }, 'base-unusable'],
    ['make.conf cannot be written', 'make-conf', { exitCode: 1, stderr: 'full' }, 'base-unusable'],
    ['Portage cannot read the sets', 'set-atoms.py', { exitCode: 1, stderr: 'there is no set @lib' }, 'emerge-failed'],
    ['protected files cannot be resolved', 'find-protected', { stdout: '/etc/._cfg0000_x\0' }, 'assemble-failed'],
  ])('fails and leaves nothing: %s', async (_why, program, answer, code, changes = {}) => {
    using world = new SiteBuildWorld([{ ...tuple, ...changes }]);
    world.sitePortage.answers.set(program, answer);
    world.sitePortage.answers.set('protected-files', { exitCode: 1, stderr: 'mv: no' });
    expect((await world.build()).outcomes).toMatchObject([{ type: 'failed', failures: [{ code }] }]);
    expect(world.engine.imageNames.has(imageOf(tuple))).toBe(false);
    expect(world.left).toEqual(nothing);
  });
});

describe('a build', () => {
  it('replaces a protected file by the new one, and says so', async () => {
    using world = new SiteBuildWorld([tuple]);
    world.sitePortage.answers.set('find-protected', { stdout: '/etc/._cfg0000_x.conf\0' });
    await world.build();
    expect(world.sitePortage.runs('protected-files')).toEqual([['new', '/etc/._cfg0000_x.conf', '/etc/x.conf']]);
    expect(world.messages('note')).toContain(`${tuple.name}: /etc/x.conf: took the new one`);
  });

  it('compiles @system first with optimize: system, between saving and restoring its own configuration', async () => {
    const stage = { ...tuple.stage, optimize: 'system' } as const;
    using world = new SiteBuildWorld([{ ...tuple, stage }]);
    await world.build();
    const names = world.sitePortage.ran.map(({ name }) => name);
    const first = names.indexOf('own-settings');
    expect(names.slice(first, first + 5)).toEqual([
      'own-settings',
      'make-conf',
      'emerge-optimize',
      'follow',
      'own-settings',
    ]);
  });

  it('names the diagnostics that it keeps of a package that failed', async () => {
    using world = new SiteBuildWorld([tuple], [{ cpv: 'dev-libs/lib-2', fails: true }]);
    world.sitePortage.answers.set('diagnostics', { stdout: 'emerge-info.txt\n' });
    const [outcome] = (await world.build()).outcomes;
    expect(outcome?.type === 'failed' && outcome.failures[0]?.hint).toMatch(/kept beside it:\n {4}.*emerge-info\.txt/);
  });
});
