import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder, faultsStage, type BuilderOutcome } from '../../support/builder.ts';
import { runProgram } from '../../support/run-program.ts';

/** All tests share the volumes. */
const builder = new Builder();
const packages = ['app-misc/postbox', 'app-misc/doorbell', 'app-misc/town-crier', 'test-fault/newer-eapi'];
afterAll(() => builder[Symbol.asyncDispose]());

describe.each([
  ['compiled', ['--create-tree']],
  ['from binary packages', ['--no-sync', '--rebuild']],
] as const)('an image with packages of the ministage, %s,', (_how, options) => {
  let outcome: BuilderOutcome;

  beforeAll(async () => {
    outcome = await builder.run([...options, ...packages], { base: faultsStage });
    expect(outcome.status, outcome.stderr).toBe(0);
  });

  it('has the user of a package, its setuid program and its directory', async () => {
    const places = ['/usr/bin/postbox', '/var/spool/postbox'];
    expect(await builder.runInImage(outcome.image, 'stat', '--format=%U:%G %a', ...places)).toBe(
      'postman:postman 4711\npostman:postman 2770\n',
    );
    const { stdout } = await runProgram('docker', ['run', '--rm', '--user=1000', outcome.image, 'postbox']);
    expect(stdout).toBe('1000 301\n');
  });

  it('has the capability of a program', async () => {
    expect(await builder.runInImage(outcome.image, 'getcap', '/usr/bin/doorbell')).toBe(
      '/usr/bin/doorbell cap_net_bind_service=ep\n',
    );
  });

  it('has the older version of a package whose newer version has an EAPI that its bash does not know', async () => {
    expect(await builder.runInImage(outcome.image, 'ls', '/var/db/pkg/test-fault')).toBe('newer-eapi-1\n');
  });

  it('comes with the messages of its packages of each kind', () => {
    const end = outcome.stderr.slice(outcome.stderr.indexOf('[7/7] remove done'));
    for (const message of ['a message', 'a warning', 'in two lines', 'an error']) expect(end).toContain(message);
    expect(end).not.toContain('an information');
  });
});

describe('a base with a package that a security advisory (GLSA) is about', () => {
  it('gets the version without the fault by @security', async () => {
    const old = await builder.run(['--sync-max-age=1h', '=app-misc/motto-1.0']);
    expect(old.status, old.stderr).toBe(0);
    const { status, stderr, image } = await builder.run(['--no-sync', '@security'], { base: old.image });
    expect(status, stderr).toBe(0);
    expect(await builder.runInImage(image, 'ls', '/var/db/pkg/app-misc')).toBe('motto-1.1\n');
  });
});
