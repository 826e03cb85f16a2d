import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import { keepDiagnostics } from '../../../../src/zentoo/root/keep-diagnostics.ts';
import { openRootSession } from '../root-session.ts';

const place = { file: 'package.use', line: 2, column: 1 };
const failed = new Failure('build-failed', 'failed to compile a/b', {
  ...{ place, hint: 'see its log', logTail: ['x'], cause: new Error('1') },
});
const environment = { ROOT: '/x' };

describe('the diagnostics of a failed emerge', () => {
  it('are kept beside its log, and the failure names them after its own hint', async () => {
    const { session, ran, world } = await openRootSession({
      diagnostics: { stdout: 'emerge-info.txt\na_b/environment\n' },
    });
    const { directory } = session.log;
    const kept = await keepDiagnostics(session, { error: failed, environment });
    expect(ran).toEqual([['diagnostics', '/var/tmp/portage', directory]]);
    const { code, message, logTail, cause } = failed;
    expect(kept).toMatchObject({ code, message, logTail, cause, place });
    expect((kept as Failure).hint?.split('\n')).toEqual([
      'see its log',
      'kept beside it:',
      expect.stringMatching(/^ {4}.*emerge-info\.txt$/),
      expect.stringMatching(/^ {4}.*a_b\/environment$/),
    ]);
    expect(world.calls('execAttached').at(-1)?.[1]).toMatchObject({ environment });
  });

  it('are the whole hint of a failure without a hint', async () => {
    const { session } = await openRootSession({ diagnostics: { stdout: 'emerge-info.txt\n' } });
    const error = new Failure('build-failed', 'failed to compile a/b', {});
    const kept = await keepDiagnostics(session, { error, environment: {} });
    expect((kept as Failure).hint).toMatch(/^kept beside it:\n {4}\S.*emerge-info\.txt$/);
  });

  it.each([
    ['there are none', failed, { diagnostics: { stdout: '\n' } }],
    ['the container is lost', new Failure('container-lost', 'lost', {}), { diagnostics: { stdout: 'a\n' } }],
    ['the error is not a failure', new Error('a defect'), { diagnostics: { stdout: 'a\n' } }],
  ])('are left out, and the error stays as it is, if %s', async (_what, error, answers) => {
    const { session } = await openRootSession(answers);
    expect(await keepDiagnostics(session, { error, environment })).toBe(error);
  });

  it('are not asked for if the run was interrupted, and left out if the engine refuses', async () => {
    const { session, world, ran } = await openRootSession({ diagnostics: { stdout: 'a\n' } });
    world.engine.fault({ method: 'execAttached', error: new Error('gone') });
    expect(await keepDiagnostics(session, { error: failed, environment })).toBe(failed);
    world.aborter.abort(new Error('interrupted'));
    const calls = world.engine.calls.length;
    expect(await keepDiagnostics(session, { error: failed, environment })).toBe(failed);
    expect(world.engine.calls).toHaveLength(calls);
    expect(ran).toEqual([]);
  });
});
