import { describe, expect } from 'vitest';
import { it, type Builder } from '../support/builder.ts';
import { runProgram } from '../support/run-program.ts';
import { stage } from '../support/real-engine/real-engine.ts';

const compiled = '>>> Emerging (1 of 1) app-misc/motto-1.1';
const reused = '>>> Emerging binary (1 of 1) app-misc/motto-1.1';

/** Runs a script in the volume of binary packages, and returns its output. */
async function inStore({ volumes }: Builder, script: string): Promise<string> {
  const mount = `${volumes.binpkgs}:/var/cache/binpkgs`;
  const words = [
    'run',
    '--rm',
    '--network=none',
    '-v',
    mount,
    '--workdir=/var/cache/binpkgs',
    stage,
    'sh',
    '-ec',
    script,
  ];
  const { status, stdout, stderr } = await runProgram('docker', words);
  expect(status, stderr).toBe(0);
  return stdout.trim();
}

/** Finds the packages of motto, and the ones that are set aside. */
const mottos = (builder: Builder) => inStore(builder, "find . -name 'motto*.gpkg.tar' | sort | sed 's,.*/app-misc/,,'");

describe('a store that was changed from outside', () => {
  it('cases 1.2 and 1.3: a damaged and a missing package are named and compiled again, once', async ({ builder }) => {
    const build = () => builder.run(['--no-sync', '--rebuild', 'app-misc/motto']);
    const first = await builder.run(['app-misc/motto']);
    expect(first, first.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(compiled) as string });
    const path = await inStore(builder, "find . -name 'motto*.gpkg.tar'");

    // 64 bytes in the middle, with the size and the time of before.
    await inStore(
      builder,
      `touch -r ${path} /tmp/time; size=$(stat -c %s ${path})
      head -c 64 /dev/urandom | dd of=${path} bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null; touch -r /tmp/time ${path}`,
    );
    const damaged = await build();
    expect(damaged, damaged.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(compiled) as string });
    expect(damaged.stderr).toContain('warning: the binary package app-misc/motto/motto-1.1-1.gpkg.tar is not used: it');
    expect(damaged.stderr).not.toContain('mirror');
    expect(await inStore(builder, "cd quarantine && find . -name 'motto*' | wc -l")).toBe('3');

    const again = await build();
    expect(again, again.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(reused) as string });
    expect(again.stderr).not.toContain('warning: the binary package');

    await inStore(builder, "rm $(find x86* -name 'motto*.gpkg.tar')");
    const missing = await build();
    expect(missing, missing.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(compiled) as string });
    expect(missing.stderr).toContain('is in Packages, but the file is missing');
    expect((await build()).stderr).toContain(reused);
  });

  it('cases 1.4 and 2.3: a request for signatures is no other setting, and nostrip is one', async ({ builder }) => {
    const withFeatures = (features: string) =>
      builder.makeImage(stage, `RUN echo 'FEATURES="${features}"' >>/etc/portage/make.conf`);
    const signing = await withFeatures('binpkg-request-signature');
    const first = await builder.run(['app-misc/motto']);
    expect(first, first.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(compiled) as string });
    const asking = await builder.run(['--no-sync', 'app-misc/motto'], { base: signing });
    expect(asking, asking.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(reused) as string });
    await inStore(builder, "rm $(find x86* -name 'motto*.gpkg.tar')");
    const alone = await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'], { base: signing });
    expect(alone, alone.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(compiled) as string });
    expect(await mottos(builder)).toMatch(/^motto\/motto-1\.1-\d\.gpkg\.tar$/);
    const unstripped = await withFeatures('nostrip');
    const other = await builder.run(['--no-sync', 'app-misc/motto'], { base: unstripped });
    expect(other, other.stderr).toMatchObject({ status: 0, stderr: expect.stringContaining(compiled) as string });
  });
});
