import { describe, expect, it } from 'vitest';
import { requestSet } from '../../../../src/zentoo/compile/request-set.ts';
import { resolveSet } from '../../../../src/zentoo/compile/resolve-set.ts';
import type { ExecRequest } from '../../../../src/engine/execs.ts';
import type { ExecResult } from '../../../support/fake-engine/fake-engine-execs.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const match = (cpv: string) => ({ cpv, slot: '0', repository: 'gentoo' });
const curl = {
  atom: 'net-misc/curl',
  package: 'net-misc/curl',
  installed: true,
  matches: [match('net-misc/curl-8.1')],
};
const python = { atom: '>=dev-lang/python-3:3.12', package: 'dev-lang/python:3.12', installed: false, matches: [] };
const bash = {
  atom: 'app-shells/bash',
  package: 'app-shells/bash',
  installed: true,
  matches: [match('app-shells/bash-5')],
};

/** A world in whose containers Portage's sets have these atoms. */
function worldWithSets(sets: Readonly<Record<string, readonly object[]>>): { world: SiteWorld; asked: ExecRequest[] } {
  const world = new SiteWorld();
  const asked: ExecRequest[] = [];
  world.engine.onExec = (_container, request) => {
    asked.push(request);
    return { stdout: JSON.stringify(sets[request.command.at(-1) ?? ''] ?? []) };
  };
  return { world, asked };
}

/** The failure to read the set `tools` of a container in which the program ends in this way. */
async function failure(result: ExecResult): Promise<unknown> {
  using world = new SiteWorld();
  world.engine.onExec = () => result;
  return await resolveSet(await world.session(), 'tools').catch((error: unknown) => error);
}

describe('the request for a set', () => {
  it('merges its packages even if they are installed, and the packages of @system that the stage lacks', async () => {
    const { world, asked } = worldWithSets({ tools: [curl, python, curl], system: [bash, { ...python, atom: 'a/b' }] });
    using _ = world;
    expect(await requestSet(await world.session(), world.workOf())).toEqual({
      options: ['--update', '--deep', '--newuse', '--reinstall-atoms=net-misc/curl dev-lang/python:3.12'],
      packages: ['@tools', 'a/b'],
      own: [curl, python, curl],
    });
    expect(asked.map(({ environment }) => environment)).toEqual([{}, {}]);
    // No sync changes the trees meanwhile.
    for (const { command } of asked)
      expect(command).toEqual(expect.arrayContaining(['gentoo-builder-lock', '--shared']));
  });

  it('reinstalls nothing if the set is empty', async () => {
    const { world } = worldWithSets({});
    using _ = world;
    expect(await requestSet(await world.session(), world.workOf())).toEqual({
      options: ['--update', '--deep', '--newuse'],
      packages: ['@tools'],
      own: [],
    });
  });

  it('asks about the root of a cross build', async () => {
    const { world, asked } = worldWithSets({ tools: [curl] });
    using _ = world;
    const work = world.workOf(tupleWithTree({ cross: true }));
    await requestSet(await world.session(), work);
    const { environment } = work.location;
    expect(environment).toMatchObject({ ROOT: '/usr/x86_64-pc-linux-gnu' });
    expect(asked.map((request) => request.environment)).toEqual([environment, environment]);
  });
});

describe('a set that cannot be read', () => {
  it.each([
    ['by the last line that Portage printed', { exitCode: 1, stderr: 'warning\n!!! no such set\n' }, '!!! no such set'],
    ['by itself if Portage printed nothing', { exitCode: 1 }, 'Portage printed no answer'],
    ['if the answer has another shape', { stdout: '[{"atom":"a/b"}]' }, 'Portage printed no answer'],
    [
      'if the answer has something that is no atom',
      { stdout: JSON.stringify([{ ...curl, atom: '-x' }]) },
      'Portage printed no answer',
    ],
    ['by the exit status, whatever the answer is', { exitCode: 1, stdout: '[]', stderr: 'broken' }, 'broken'],
  ])('is refused %s', async (_how, result, why) => {
    expect(await failure(result)).toMatchObject({
      code: 'emerge-failed',
      message: `failed to read the set tools: ${why}`,
    });
  });

  it('is refused with the last twenty lines that Portage printed', async () => {
    const lines = Array.from({ length: 25 }, (_, index) => `line ${index}`);
    expect(await failure({ exitCode: 1, stderr: `${lines.join('\n\n')}\n` })).toMatchObject({
      logTail: lines.slice(5),
    });
  });
});
