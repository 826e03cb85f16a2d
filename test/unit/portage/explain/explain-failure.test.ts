import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Atom } from '../../../../src/portage/atom.ts';
import { exitStatuses } from '../../../../src/failure.ts';
import { explainEmergeFailure } from '../../../../src/portage/explain/explain-failure.ts';
import type { EmergeFailure } from '../../../../src/portage/explain/explanation.ts';
import type { Remedy } from '../../../../src/portage/explain/remedy.ts';
import { explainSyncFailure } from '../../../../src/portage/explain/explain-sync-failure.ts';
import type { Suggestion } from '../../../../src/portage/output/pretend-output.ts';
import { readTranscript } from '../transcript.ts';
import { anyString } from '../../../support/any-string.ts';

interface Expectation {
  /** The number of the case that the transcript shows. */
  readonly case?: string;
  /** The number of processes that the kernel killed because memory was short. */
  readonly memoryKills?: number;
  readonly code: string;
  readonly message: string;
  readonly remedy?: unknown;
  readonly line?: string;
  readonly package?: string;
  readonly phase?: string;
  readonly buildLog?: string;
}
const expectations = parse(readFileSync(new URL('explanations.yaml', import.meta.url), 'utf8')) as Readonly<
  Record<string, Expectation>
>;

const explain = (name: string): EmergeFailure => {
  const command = { ...readTranscript(name), memoryKills: expectations[name]?.memoryKills };
  return (name.startsWith('sync-') ? explainSyncFailure : explainEmergeFailure)(command);
};

/** A remedy as explanations.yaml writes it: a suggestion as one text, and without what is undefined. */
const written = (remedy: Remedy | undefined): unknown =>
  JSON.parse(
    JSON.stringify(remedy ?? null, (key, value: unknown) =>
      key === 'suggestions' || key === 'alternatives'
        ? (value as readonly Suggestion[]).map(({ file, line }) => `${file}: ${line}`)
        : value,
    ),
  ) as unknown;

describe('explains the transcript', () => {
  const named = Object.entries(expectations).map(
    ([name, expected]) =>
      [expected.case === undefined ? name : `case ${expected.case}: ${name}`, name, expected] as const,
  );
  test.each(named)('%s', (_title, name, expected) => {
    const failure = explain(name);
    expect({ code: failure.code, message: failure.message }).toEqual({
      code: expected.code,
      message: expected.message,
    });
    expect({ package: failure.package, phase: failure.phase }).toEqual({
      package: expected.package,
      phase: expected.phase,
    });
    if (expected.buildLog !== undefined) expect(failure.buildLog).toBe(expected.buildLog);
    expect(written(failure.remedy)).toEqual(expected.remedy ?? null);
    if (expected.line !== undefined) expect(failure.relevantLines.join('\n')).toContain(expected.line);
  });

  test('has an expectation for every transcript of a failure', () => {
    const names = readdirSync(new URL('../fixtures/', import.meta.url)).map((file) => file.replace('.txt', ''));
    const failed = names.filter((name) => readTranscript(name).exitStatus !== 0);
    expect(failed.toSorted()).toEqual(Object.keys(expectations).toSorted());
  });

  test('names the build log of a package that failed', () => {
    for (const name of Object.keys(expectations)) {
      const { package: cpv, buildLog } = explain(name);
      // A broken ebuild has none.
      if (cpv !== undefined && name !== 'ebuild-broken') expect(buildLog, name).toMatch(/^\/var\/.+\.log$/);
    }
  });
});

describe('explains failures that the ministage cannot produce', () => {
  const emerge = (exitStatus: number, ...lines: string[]) => explainEmergeFailure({ exitStatus, lines });
  const failed = (cause: string, phase = 'compile') => [
    '>>> Emerging (2 of 3) dev-lang/rust-1.80.0::gentoo',
    '>>> Failed to emerge dev-lang/rust-1.80.0, Log file:',
    ">>>  '/var/log/portage/dev-lang:rust-1.80.0:20260101-000000.log'",
    cause,
    ` * ERROR: dev-lang/rust-1.80.0::gentoo failed (${phase} phase):`,
    ' *   emake failed',
  ];

  test.each([
    ['collect2: fatal error: ld terminated with signal 9 [Killed]', 'ld'],
    ['process did not exit successfully: `rustc` (signal: 9, SIGKILL: kill)', 'a process'],
    ['clang++: error: unable to execute command: Killed', 'a process'],
    ['make[2]: *** [Makefile:7: libwebkit.so] Killed', 'a process'],
    ['virtual memory exhausted: Cannot allocate memory', 'a process'],
    ['g++: fatal error: Killed signal terminated program cc1plus', 'cc1plus'],
    ["terminate called after throwing an instance of 'std::bad_alloc'", 'a process'],
  ])('out of memory: %s', (line, program) => {
    const failure = explainEmergeFailure({ exitStatus: 1, lines: failed(line), memoryKills: 1 });
    expect(failure.code).toBe('out-of-memory');
    expect(failure.message).toBe(`failed to emerge dev-lang/rust-1.80.0: ${program} was killed: out of memory`);
  });

  test.each([
    'x.cpp:3:9: error: ‘std::bad_alloc’ was not declared',
    'checking for "No space left on device" in errno.h... yes',
    'killed_signal.c:7: error: expected ‘;’',
  ])('does not mistake for a lack of memory or space: %s', (line) => {
    expect(emerge(1, ...failed(line)).code).toBe('build-failed');
  });

  test('emerge killed by SIGKILL', () => {
    const lines = ['>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo'];
    expect(explainEmergeFailure({ exitStatus: 137, lines, memoryKills: 1 })).toMatchObject({
      code: 'out-of-memory',
      message: 'failed to emerge app-misc/hello-2.10: emerge was killed: out of memory',
    });
  });

  test.each([
    [
      "OSError: [Errno 28] No space left on device: '/var/cache/binpkgs/app-misc/hello/hello-2.10-1.gpkg.tar'",
      '/var/cache/binpkgs/app-misc/hello/hello-2.10-1.gpkg.tar',
    ],
    ['/tmp/ccX1.s: No space left on device', '/tmp/ccX1.s'],
    [
      'rsync: [receiver] write failed on "/var/db/repos/gentoo/x": No space left on device (28)',
      '/var/db/repos/gentoo/x',
    ],
  ])('disk full: %s', (line, path) => {
    expect(emerge(1, line)).toMatchObject({
      code: 'disk-full',
      message: `failed to emerge: no space left on device at ${path}`,
    });
    expect(explainSyncFailure({ exitStatus: 1, lines: [line] }).code).toBe('disk-full');
  });

  test('status 143 with a traceback is an error of Portage, not a signal', () => {
    const traceback = ['Traceback (most recent call last):', '  File "x.py", line 1, in y', "KeyError: 'a/b-1'"];
    expect(emerge(143, '>>> Emerging (1 of 2) a/b-1::gentoo', ...traceback)).toMatchObject({
      code: 'emerge-failed',
      message: "failed to emerge a/b-1: Portage ended with an internal error: KeyError: 'a/b-1'",
    });
    expect(emerge(143).message).toBe('failed to emerge: emerge was ended by SIGTERM');
    expect(explainEmergeFailure({ exitStatus: 1, signal: 'SIGINT', lines: [] }).message).toContain('ended by SIGINT');
  });

  test('a damaged tree', () => {
    const path = '/var/db/repos/gentoo/app-misc/hello/hello-2.10.ebuild';
    const lines = [
      '!!! Digest verification failed:',
      `!!! ${path}`,
      '!!! Reason: Filesize does not match recorded size',
    ];
    expect(emerge(1, ...lines)).toMatchObject({
      code: 'emerge-failed',
      message:
        'failed to emerge: hello-2.10.ebuild does not match its checksum in the Manifest (Filesize does not match recorded size)',
    });
  });

  test('a source that was found at the second mirror is not the cause', () => {
    const lines = [
      '!!! Fetched file: a.tar.gz VERIFY FAILED!',
      '!!! Reason: Failed on SHA512 verification',
      'Refetching...',
    ];
    expect(emerge(1, ...lines, ...failed('make: *** [all] Error 1'))).toMatchObject({
      code: 'build-failed',
      phase: 'compile',
    });
  });

  test('an ambiguous name', () => {
    const lines = [
      '!!! The short ebuild name "hello" is ambiguous. Please specify',
      '',
      '    app-misc/hello',
      '    games/hello',
    ];
    expect(emerge(1, ...lines)).toMatchObject({
      code: 'package-unknown',
      message: 'failed to emerge hello: the name is ambiguous: app-misc/hello, games/hello',
    });
  });

  test('anything else is explained by the last meaningful line, without its decoration', () => {
    expect(emerge(1, '!!! something new', '', ' * ', '>>> ').message).toBe('failed to emerge: something new');
    expect(emerge(7).message).toBe('failed to emerge: it ended with status 7');
    const sync = explainSyncFailure({
      exitStatus: 1,
      lines: ['!!! something new', '!!! News items will not be displayed'],
    });
    expect(sync.message).toBe('failed to sync the repository: something new');
  });
});

describe('explains any output', () => {
  const transcripts = Object.keys(expectations).flatMap((name) => [...readTranscript(name).lines]);
  const line = fc.oneof(fc.constantFrom(...transcripts), anyString());
  const command = fc.record({ exitStatus: fc.nat(255), lines: fc.array(line, { maxLength: 60 }) });

  test('with a code of the table and a message of one line', () => {
    fc.assert(
      fc.property(command, (failed) => {
        for (const failure of [explainEmergeFailure(failed), explainSyncFailure(failed)]) {
          expect(failure.code in exitStatuses).toBe(true);
          expect(failure.message).toMatch(/^failed to (?:emerge|sync)\b.*: ./su);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('with or without colours', () => {
    for (const name of Object.keys(expectations)) {
      const { exitStatus, lines } = readTranscript(name);
      const coloured = lines.map((text) => text.replaceAll(/(\*|>>>|\w+\/\w+)/g, '\u001B[32;01m$1\u001B[39;49;00m'));
      expect(explainEmergeFailure({ exitStatus, lines: coloured })).toEqual(
        explainEmergeFailure({ exitStatus, lines }),
      );
    }
  });

  // With a quadratic pattern this takes hours, and the test's time limit ends it.
  test('explains thousands of hostile lines in linear time', () => {
    const hostile = ['(', '"', '!!! ', ' ', '[', "'", ' * ', '/'].map((unit) => unit.repeat(8192 / unit.length));
    const lines = Array.from({ length: 4000 }, (_, index) => hostile[index % hostile.length] ?? '');
    explainEmergeFailure({ exitStatus: 1, lines });
    explainSyncFailure({ exitStatus: 1, lines });
  });
});

describe('a disk that is full while packages are built on a tmpfs', () => {
  const tmpfs = {
    directory: '/var/tmp/portage',
    excluded: '/var/tmp/portage/.gentoo-builder',
    size: 24 * 1024 ** 2,
    bigPackages: ['www-client/firefox', '>=dev-qt/qtwebengine-6'] as Atom[],
  };
  const explainLine = (line: string, lines: readonly string[] = []) =>
    explainEmergeFailure(
      { exitStatus: 1, lines: [line, '>>> Failed to emerge app-misc/large-1.2-r3', ...lines] },
      tmpfs,
    );
  const inside = '/var/tmp/portage/app-misc/large-1.2-r3/work/a.o';

  test.each([
    ['in quotes', `cp: error writing '${inside}': No space left on device`, ` at ${inside}`],
    ['by name', `${inside}: No space left on device`, ` at ${inside}`],
  ])('names the tmpfs and the package that filled it: %s', (_how, line, where) => {
    const { code, message, remedy } = explainLine(line);
    expect(code).toBe('tmpfs-full');
    expect(message).toBe(
      `failed to emerge app-misc/large-1.2-r3: no space left on device${where}: packages are built on a tmpfs of 24 MiB at /var/tmp/portage`,
    );
    expect(remedy).toEqual({
      about: 'build',
      kind: 'avoid-tmpfs',
      bigPackages: tmpfs.bigPackages,
      package: 'app-misc/large',
    });
  });

  test.each([
    "cp: error writing '/var/cache/binpkgs/x': No space left on device",
    "cp: error writing '/var/tmp/portage/.gentoo-builder/big/portage/a/b-1/work/x': No space left on device",
    "cp: error writing '/var/tmp/portages': No space left on device",
  ])('does not name the tmpfs if another file system is full: %s', (line) => {
    const { message, remedy } = explainLine(line);
    expect(message).not.toContain('tmpfs');
    expect(remedy).toEqual({ about: 'build', kind: 'free-disk-space' });
  });

  const MiB = 1024 ** 2;
  const space = (directory: string, free: number, size: number, freeFiles = 0, files = 0) => ({
    ...{ directory, free, size, freeFiles, files },
  });
  const roomy = [
    space('/var/tmp/portage', 20 * MiB, 24 * MiB),
    space('/var/log/portage', 90 * MiB, 100 * MiB, 10, 100),
    space('/var/cache/binpkgs', 80 * MiB, 100 * MiB),
    space('/', 5000 * MiB, 6000 * MiB),
  ];
  const measured = (...others: readonly (typeof roomy)[number][]) => {
    const spaces = roomy.map((one) => others.find(({ directory }) => directory === one.directory) ?? one);
    const lines = ['OSError: [Errno 28] No space left on device', '>>> Failed to emerge app-misc/large-1.2-r3'];
    return explainEmergeFailure({ exitStatus: 1, lines }, tmpfs, spaces);
  };

  test.each([
    ['the logs', space('/var/log/portage', 0, 65_536), '/var/log/portage'],
    ['the store', space('/var/cache/binpkgs', 4096, 8 * MiB), '/var/cache/binpkgs'],
    ['the layer of the container', space('/', 12 * MiB, 6000 * MiB), '/'],
    [
      'the logs have no more files',
      space('/var/log/portage', 50 * MiB, 100 * MiB, 0, 100),
      '/var/log/portage (no further file can be made)',
    ],
  ])('case 3.2: is measured if no path is printed: %s', (_what, full, place) => {
    expect(measured(full)).toMatchObject({
      code: 'disk-full',
      message: `failed to emerge app-misc/large-1.2-r3: no space left on device at ${place}`,
      remedy: { kind: 'free-disk-space', directory: full.directory },
    });
  });

  test('case 3.2: is measured if no path is printed: the tmpfs', () => {
    expect(measured(space('/var/tmp/portage', 0, 24 * MiB))).toMatchObject({
      code: 'tmpfs-full',
      message:
        'failed to emerge app-misc/large-1.2-r3: no space left on device at /var/tmp/portage: packages are built on a tmpfs of 24 MiB at /var/tmp/portage',
    });
  });

  test('case 3.2: names all file systems that are full', () => {
    const full = [space('/var/log/portage', 0, MiB), space('/', 0, MiB)];
    expect(measured(...full).message).toMatch(/at \/var\/log\/portage, \/$/);
  });

  test('case 3.2: says what is known if the file that did not fit is gone, or if nothing could be measured', () => {
    expect(measured(space('/var/cache/binpkgs', 3 * MiB, 8 * MiB))).toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(
        /no space left on device; no file system is full now, and the least is free at \/var\/cache\/binpkgs: 3 MiB of 8 MiB$/,
      ) as string,
    });
    const { code, message, remedy } = explainLine('ld: final link failed: No space left on device');
    expect({ code, message }).toEqual({
      code: 'disk-full',
      message: 'failed to emerge app-misc/large-1.2-r3: no space left on device',
    });
    expect(remedy).toEqual({ about: 'build', kind: 'free-disk-space', directory: undefined });
  });

  test.each([
    ['Go', `write ${inside}: no space left on device`, ` at ${inside}`],
    ['GNU as', "a.s: Fatal error: can't write 48 bytes to section .text of a.o: 'No space left on device'", ''],
    ['clang', `error: unable to open output file '${inside}': 'No space left on device'`, ` at ${inside}`],
    ['node', `Error: ENOSPC: no space left on device, open '${inside}'`, ` at ${inside}`],
    ['node without a path', 'Error: ENOSPC: no space left on device, write', ''],
  ])('case 3.2: is recognised as %s says it', (_tool, line, where) => {
    const phase = ' * ERROR: app-misc/large-1.2-r3::gentoo failed (compile phase):';
    const command = { exitStatus: 1, lines: [line, phase] };
    const full = explainEmergeFailure(command, tmpfs, [space('/var/tmp/portage', 0, 24 * MiB)]);
    expect(full).toMatchObject({
      code: 'tmpfs-full',
      message: expect.stringContaining(
        `: no space left on device${where === '' ? ' at /var/tmp/portage' : where}`,
      ) as string,
      remedy: { kind: 'avoid-tmpfs', package: 'app-misc/large' },
    });
  });

  test.each([
    'OSError: [Errno 28] No space left on device',
    "expected error: 'No space left on device'",
    `write ${inside}: no space left on device`,
  ])('case 3.2: is told for a line of a test only if it is measured: %s', (line) => {
    const command = { exitStatus: 1, lines: [line, ' * ERROR: app-misc/large-1.2-r3::gentoo failed (test phase):'] };
    expect(explainEmergeFailure(command, tmpfs).code).toBe('build-failed');
    expect(explainEmergeFailure(command, tmpfs, roomy).code).toBe('build-failed');
    const full = [space('/var/tmp/portage', 0, 24 * MiB)];
    expect(explainEmergeFailure(command, tmpfs, full).code).toBe('tmpfs-full');
  });

  test('case 3.2: is told with a failure whose message the full log did not take', () => {
    const spaces = [space('/var/log/portage', 0, 65_536)];
    expect(explainEmergeFailure({ exitStatus: 143, lines: [] }, undefined, spaces)).toMatchObject({
      code: 'disk-full',
      message: 'failed to emerge: emerge was ended by SIGTERM; no space is left at /var/log/portage',
      remedy: { kind: 'free-disk-space', directory: '/var/log/portage' },
    });
    const died = [' * ERROR: a/b-1::gentoo failed (compile phase):', ' *   emake failed'];
    expect(explainEmergeFailure({ exitStatus: 1, lines: died }, undefined, spaces).code).toBe('build-failed');
  });

  test('case 3.2: is told by Portage of a source that does not fit', () => {
    const lines = [
      '!!! Insufficient space to store x-1.tar.gz in /var/cache/distfiles',
      "!!! Couldn't download 'x-1.tar.gz'. Aborting.",
    ];
    expect(explainEmergeFailure({ exitStatus: 1, lines })).toMatchObject({
      ...{ code: 'disk-full', remedy: { kind: 'free-disk-space' } },
      message: expect.stringContaining('no space left on device at /var/cache/distfiles for x-1.tar.gz') as string,
    });
    expect(explainEmergeFailure({ exitStatus: 1, lines: lines.slice(0, 1) }).code).not.toBe('disk-full');
  });

  test('case 3.2: names the file system of a path that is printed', () => {
    const lines = ["OSError: [Errno 28] No space left on device: '/var/cache/binpkgs/x/y.gpkg.tar'"];
    const { remedy } = explainEmergeFailure({ exitStatus: 1, lines }, undefined, roomy);
    expect(remedy).toEqual({ about: 'build', kind: 'free-disk-space', directory: '/var/cache/binpkgs' });
  });

  test('recognises an ebuild that checks for disk space on the tmpfs', () => {
    const demand = ` * There is NOT at least 7 GiB disk space at "/var/tmp/portage/app-misc/large-1.2-r3/temp"`;
    const phase = ' * ERROR: app-misc/large-1.2-r3::gentoo failed (pretend phase):';
    expect(explainLine(demand, [phase])).toMatchObject({
      code: 'tmpfs-full',
      message: expect.stringMatching(
        /: it asks for 7 GiB of disk space at \/var\/tmp\S+: packages are built on a tmpfs of 24 MiB/,
      ) as string,
      remedy: { kind: 'avoid-tmpfs', package: 'app-misc/large' },
    });
    // The same is a warning where a package goes on without.
    expect(explainLine(demand, [phase.replace('pretend', 'compile')]).code).toBe('build-failed');
  });

  test('is named with its size if a compiler runs out of memory', () => {
    const line = 'g++: fatal error: Killed signal terminated program cc1plus';
    const command = { exitStatus: 1, lines: [line], memoryKills: 1 };
    expect(explainEmergeFailure(command, tmpfs).remedy).toEqual({
      about: 'build',
      kind: 'use-less-memory',
      tmpfsSize: tmpfs.size,
    });
  });
});
