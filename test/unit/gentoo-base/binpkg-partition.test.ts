import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binpkgPartition, partitionVariables, type PartitionInput } from '../../../src/portage/binpkg-partition.ts';

const program = join(import.meta.dirname, '../../../gentoo-base/binpkg-partition');

/** What gentoo-base's shell program prints where this is configured, and what the builder works out there. */
function partitions(
  sh: string,
  { variables, profile, packageEnv }: PartitionInput,
): { shell: string; builder: string } {
  const directory = mkdtempSync(join(tmpdir(), 'binpkg-partition-'));
  try {
    const etc = join(directory, 'etc');
    mkdirSync(etc);
    symlinkSync(profile, join(etc, 'make.profile'));
    const files = [...packageEnv].map(([path, text]): [string, string] => [join(etc, path), text]);
    for (const [path, text] of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    writeFileSync(
      join(directory, 'settings'),
      [...variables].map(([name, value]) => `${name}=${quote(value)}\n`).join(''),
    );
    // As Portage does, it lets the environment come first.
    const fromEnvironment = '${RUSTFLAGS+echo RUSTFLAGS=$RUSTFLAGS}';
    const portageq = `#!/bin/sh\n[ "$1 $2" = "envvar -v" ] && cat "\${0%/*}/settings"\n${fromEnvironment}\nexit 1\n`;
    writeFileSync(join(directory, 'portageq'), portageq, { mode: 0o755 });
    const env = {
      PATH: `${directory}:${process.env['PATH']}`,
      RUSTFLAGS: '-Cfrom=environment',
      CFLAGS: 'known to the shell',
    };
    const shell = execFileSync(sh, [program, etc], { env, encoding: 'utf8' }).trimEnd();
    const effective = new Map([...variables, ['RUSTFLAGS', '-Cfrom=environment']]);
    return { shell, builder: binpkgPartition({ variables: effective, profile, packageEnv: new Map(files) }) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** As portageq quotes it (`shlex.quote`). */
function quote(value: string): string {
  return `'${value.replaceAll("'", `'"'"'`)}'`;
}

const text = (characters: string) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 30 });
const flags = text(' \t\nab-O2=*"\'\\$`é#');

test.each(['/bin/sh', '/bin/bash'])(
  'the builder and gentoo-base keep binary packages in the same directory: %s',
  (sh) => {
    const anyInput = fc.record({
      variables: fc
        .array(fc.tuple(fc.constantFrom<string>(...partitionVariables), flags))
        .map((entries): ReadonlyMap<string, string> => new Map(entries)),
      profile: text('./-ab é').map((path) => `../x/profiles/${path}y`),
      packageEnv: fc
        .array(
          fc.tuple(fc.constantFrom('package.env', 'env/fast', 'env/a b', 'env/Z', 'env/é'), text(' \t\n\r#ab="\\')),
        )
        .map((entries): ReadonlyMap<string, string> => new Map(entries)),
    });
    fc.assert(
      fc.property(anyInput, (input) => {
        const { shell, builder } = partitions(sh, input);
        expect(shell).toBe(builder);
      }),
      {
        numRuns: 50,
        examples: [
          [{ variables: new Map([['CPU_FLAGS_X86', 'sse4_2  avx2']]), profile: 'custom', packageEnv: new Map() }],
          [{ variables: new Map([['CHOST', '../..']]), profile: '/profiles/..', packageEnv: new Map() }],
          [
            {
              variables: new Map([['CHOST', 'x'.repeat(300)]]),
              profile: `a/profiles/${'y/'.repeat(99)}`,
              packageEnv: new Map(),
            },
          ],
        ],
      },
    );
  },
);
