import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { chooseEndpoint } from '../../setup/engine/endpoint.js';
import { zentooCommand } from '../../setup/engine/zentoo-arguments.js';
import { runProgram } from '../support/run-program.ts';

it('zentoo in its image uses the engine and writes files as a user of the group of the socket', async () => {
  const engine = chooseEndpoint(process.env);
  const { uid: owner, gid, mode } = await stat(engine.socket ?? '');
  const user = { uid: 1000, gid: 1000, groups: [1000, gid] };
  const directory = await mkdtemp(join(tmpdir(), 'zentoo-user-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await chown(directory, user.uid, user.gid);
  const call = async (...args: readonly string[]) => {
    const caller = { env: { ZENTOO_SITE: directory }, directory, terminal: undefined, user };
    const { status, stderr } = await runProgram('docker', ['run', ...zentooCommand(args, engine, caller)], {
      env: { ...process.env, DOCKER_HOST: engine.url, ZENTOO_SITE: directory },
    });
    expect(status, stderr).toBe(0);
  };
  await call('init', join(directory, 'made'));
  const made = await stat(join(directory, 'made/site.yaml'));
  // Nobody but its owner reaches the socket of some engines; zentoo is the owner there.
  const isShared = owner === 0 && (mode & 0o060) === 0o060;
  expect([made.uid, made.gid]).toEqual(isShared ? [1000, 1000] : [owner, made.gid]);
  await call('list', '--site', join(directory, 'made'));
});
