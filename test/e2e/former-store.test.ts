import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect } from 'vitest';
import { it, type Builder } from '../support/builder.ts';
import { runProgram } from '../support/run-program.ts';
import { stage } from '../support/real-engine/real-engine.ts';

const fixture = join(import.meta.dirname, 'former-store/binpkgs.tar.gz');
const packages = ['app-misc/motto', 'app-misc/greet'];

/** Fills the volume of binary packages with those of gentoo-builder 0.1.0. */
async function fillStore({ volumes }: Builder): Promise<void> {
  const mount = `${volumes.binpkgs}:/volume`;
  const args = ['run', '--rm', '-i', '-v', mount, '--entrypoint', 'tar', stage, '-C', '/volume', '-xz'];
  const child = spawn('docker', args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'close');
  await pipeline(createReadStream(fixture), child.stdin);
  expect(await ended).toEqual([0, null]);
}

describe('a store of gentoo-builder 0.1.0', () => {
  it('has its packages moved into their present partition: none is compiled', async ({ builder }) => {
    await fillStore(builder);
    const first = await builder.run(packages);
    expect(first, first.stderr).toMatchObject({ status: 0 });
    expect(first.stderr).toMatch(
      /took over 3 packages of version 0\.1\.0 into x86_64-pc-linux-gnu\/generic\/.*-v2-[0-9a-f]{12}$/m,
    );
    expect(first.stderr).toContain('>>> Emerging binary (');
    expect(first.stderr).not.toContain('>>> Emerging (');
    const second = await builder.run(['--no-sync', '--rebuild', ...packages]);
    expect(second, second.stderr).toMatchObject({ status: 0 });
    expect(second.stderr).not.toContain('took over');
    expect(second.stderr).not.toContain('>>> Emerging (');
  });

  it('has a package compiled again whose record does not prove the settings, with the reason', async ({ builder }) => {
    await fillStore(builder);
    const base = await builder.makeImage(stage, `RUN echo 'EXTRA_ECONF="--disable-nls"' >>/etc/portage/make.conf`);
    const built = await builder.run(['app-misc/motto'], { base });
    expect(built, built.stderr).toMatchObject({ status: 0 });
    expect(built.stderr).toMatch(
      /the package app-misc\/motto-1\.1 of version 0\.1\.0 is not used: its record has EXTRA_ECONF="", and here it is "--disable-nls"/,
    );
    expect(built.stderr).toContain('>>> Emerging (1 of 1) app-misc/motto-1.1');
    const kept = ['-v', `${builder.volumes.binpkgs}:/b`, stage, 'sh', '-c', 'find /b/quarantine -name "*.gpkg.tar"'];
    const { stdout } = await runProgram('docker', ['run', '--rm', ...kept]);
    expect(stdout).toContain('/app-misc/motto/motto-1.1-1.gpkg.tar');
  });
});
