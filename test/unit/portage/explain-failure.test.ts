import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Atom } from '../../../src/portage/atom.ts';
import { exitStatuses } from '../../../src/failure.ts';
import { explainEmergeFailure, type EmergeFailure } from '../../../src/portage/explain-failure.ts';
import { explainSyncFailure } from '../../../src/portage/explain-sync-failure.ts';
import { readTranscript } from './transcript.ts';

interface Expectation {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly line?: string;
  readonly package?: string;
  readonly phase?: string;
  readonly buildLog?: string;
}
const expectations = parse(readFileSync(new URL('explanations.yaml', import.meta.url), 'utf8')) as Readonly<
  Record<string, Expectation>
>;

const explain = (name: string): EmergeFailure =>
  (name.startsWith('sync-') ? explainSyncFailure : explainEmergeFailure)(readTranscript(name));

describe('what Portage printed', () => {
  test.each(Object.entries(expectations))('%s', (name, expected) => {
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
    if (expected.hint !== undefined) expect(failure.hint).toContain(expected.hint);
    if (expected.line !== undefined) expect(failure.relevantLines.join('\n')).toContain(expected.line);
  });

  test('every transcript of a failure has an expectation', () => {
    const names = readdirSync(new URL('fixtures/', import.meta.url)).map((file) => file.replace('.txt', ''));
    const failed = names.filter((name) => readTranscript(name).exitStatus !== 0);
    expect(failed.toSorted()).toEqual(Object.keys(expectations).toSorted());
  });

  test('a package that failed has its build log named', () => {
    for (const name of Object.keys(expectations)) {
      const { package: cpv, buildLog } = explain(name);
      // A broken ebuild has none.
      if (cpv !== undefined && name !== 'ebuild-broken') expect(buildLog, name).toMatch(/^\/var\/.+\.log$/);
    }
  });
});

describe('what to do about it', () => {
  const options = (hint = ''): readonly string[] => hint.match(/(?<![\w-])--[a-z][\w-]*/g) ?? [];
  const explainForSite = (name: string): EmergeFailure =>
    name.startsWith('sync-')
      ? explainSyncFailure(readTranscript(name), 'site')
      : explainEmergeFailure(readTranscript(name), { audience: 'site' });

  test.each(Object.keys(expectations))('%s has a hint without an option for a site, too', (name) => {
    const hint = explainForSite(name).hint;
    expect(options(hint)).toEqual([]);
    expect(hint === undefined).toBe(explain(name).hint === undefined);
  });

  test.each([
    ['x.c: error: Killed signal terminated program cc1', 'MAKEOPTS="-j1" in make.conf of the portage branch'],
    ['tar: x: Cannot write: No space left on device', 'docker system df'],
    ['!!! Your current profile is invalid', 'zentoo sync'],
  ])('%s', (line, hint) => {
    const failure = explainEmergeFailure({ exitStatus: 1, lines: [line] }, { audience: 'site' });
    expect(failure.hint).toContain(hint);
    expect(options(failure.hint)).toEqual([]);
  });
});

describe('what cannot be had from the ministage', () => {
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
    const failure = emerge(1, ...failed(line));
    expect(failure.code).toBe('out-of-memory');
    expect(failure.message).toBe(`failed to emerge dev-lang/rust-1.80.0: ${program} was killed for want of memory`);
  });

  test.each([
    'x.cpp:3:9: error: ‘std::bad_alloc’ was not declared',
    'checking for "No space left on device" in errno.h... yes',
    'killed_signal.c:7: error: expected ‘;’',
  ])('not mistaken for a want of memory or space: %s', (line) => {
    expect(emerge(1, ...failed(line)).code).toBe('build-failed');
  });

  test('emerge killed by SIGKILL', () => {
    expect(emerge(137, '>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo')).toMatchObject({
      code: 'out-of-memory',
      message: 'failed to emerge app-misc/hello-2.10: emerge was killed',
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
      message: "failed to emerge a/b-1: Portage ended with an error of its own: KeyError: 'a/b-1'",
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

  test('anything else: the last line that says something, without its decoration', () => {
    expect(emerge(1, '!!! something new', '', ' * ', '>>> ').message).toBe('failed to emerge: something new');
    expect(emerge(7).message).toBe('failed to emerge: it ended with status 7');
    const sync = explainSyncFailure({
      exitStatus: 1,
      lines: ['!!! something new', '!!! News items will not be displayed'],
    });
    expect(sync.message).toBe('failed to sync the repository: something new');
  });
});

describe('for any output', () => {
  const transcripts = Object.keys(expectations).flatMap((name) => [...readTranscript(name).lines]);
  const line = fc.oneof(fc.constantFrom(...transcripts), fc.string({ unit: 'binary' }));
  const command = fc.record({ exitStatus: fc.nat(255), lines: fc.array(line, { maxLength: 60 }) });

  test('there is an explanation: a code of the table, a message of one line', () => {
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

  test('colours change nothing', () => {
    for (const name of Object.keys(expectations)) {
      const { exitStatus, lines } = readTranscript(name);
      const coloured = lines.map((text) => text.replaceAll(/(\*|>>>|\w+\/\w+)/g, '\u001B[32;01m$1\u001B[39;49;00m'));
      expect(explainEmergeFailure({ exitStatus, lines: coloured })).toEqual(
        explainEmergeFailure({ exitStatus, lines }),
      );
    }
  });

  test('thousands of lines of it take milliseconds', () => {
    const hostile = ['(', '"', '!!! ', ' ', '[', "'", ' * ', '/'].map((unit) => unit.repeat(8192 / unit.length));
    const lines = Array.from({ length: 4000 }, (_, index) => hostile[index % hostile.length] ?? '');
    const started = performance.now();
    explainEmergeFailure({ exitStatus: 1, lines });
    explainSyncFailure({ exitStatus: 1, lines });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('a disk that is full where packages are built on a tmpfs', () => {
  const tmpfs = {
    directory: '/var/tmp/portage',
    apart: '/var/tmp/portage/.gentoo-builder',
    size: 24 * 1024 ** 2,
    bigPackages: ['www-client/firefox', '>=dev-qt/qtwebengine-6'] as Atom[],
  };
  const explainLine = (line: string, audience: 'builder' | 'site' = 'site', lines: readonly string[] = []) =>
    explainEmergeFailure(
      { exitStatus: 1, lines: [line, '>>> Failed to emerge app-misc/large-1.2-r3', ...lines] },
      { audience, tmpfs },
    );
  const inside = '/var/tmp/portage/app-misc/large-1.2-r3/work/a.o';

  test.each([
    ['in quotes', `cp: error writing '${inside}': No space left on device`, ` at ${inside}`],
    ['by name', `${inside}: No space left on device`, ` at ${inside}`],
    ['without a path', 'ld: final link failed: No space left on device', ''],
  ])('names the tmpfs, and the line that is to be in site.yaml: %s', (_how, line, where) => {
    const { code, message, hint } = explainLine(line);
    expect(code).toBe('tmpfs-full');
    expect(message).toBe(
      `failed to emerge app-misc/large-1.2-r3: no space left on device${where}: packages are built on a tmpfs of 24 MiB at /var/tmp/portage`,
    );
    expect(hint).toBe(
      "have app-misc/large built on a volume, by this line below limits: in site.yaml: big-packages: [www-client/firefox, '>=dev-qt/qtwebengine-6', app-misc/large]; or have everything built there (tmpfs: off), or on a larger tmpfs (tmpfs: SIZE)",
    );
    expect(explainLine(line, 'builder').hint).toBe(
      'build on a volume with --tmpfs off, or say how large the tmpfs is to be with --tmpfs SIZE',
    );
  });

  test.each([
    "cp: error writing '/var/cache/binpkgs/x': No space left on device",
    "cp: error writing '/var/tmp/portage/.gentoo-builder/big/portage/a/b-1/work/x': No space left on device",
    "cp: error writing '/var/tmp/portages': No space left on device",
  ])('says nothing of the tmpfs where it is another one: %s', (line) => {
    const { message, hint } = explainLine(line);
    expect(message).not.toContain('tmpfs');
    expect(hint).toContain('docker system df');
  });

  test('takes what is built on a volume and names no path to have filled that', () => {
    const bigPackages = ['app-misc/large'] as Atom[];
    const lines = ['ld: final link failed: No space left on device', '>>> Failed to emerge app-misc/large-1.2-r3'];
    const { message } = explainEmergeFailure({ exitStatus: 1, lines }, { tmpfs: { ...tmpfs, bigPackages } });
    expect(message).not.toContain('tmpfs');
  });

  test("may show in an ebuild's own demands", () => {
    const demand = ` * There is NOT at least 7 GiB disk space at "/var/tmp/portage/app-misc/large-1.2-r3/temp"`;
    const phase = ' * ERROR: app-misc/large-1.2-r3::gentoo failed (pretend phase):';
    expect(explainLine(demand, 'site', [phase])).toMatchObject({
      code: 'tmpfs-full',
      message: expect.stringMatching(
        /: it asks for 7 GiB of disk space at \/var\/tmp\S+: packages are built on a tmpfs of 24 MiB/,
      ) as string,
      hint: expect.stringContaining('app-misc/large]') as string,
    });
    // The same is a warning where a package goes on without.
    expect(explainLine(demand, 'site', [phase.replace('pretend', 'compile')]).code).toBe('build-failed');
  });

  test('takes memory that compilers would like to have', () => {
    const line = 'g++: fatal error: Killed signal terminated program cc1plus';
    expect(explainLine(line).hint).toContain('up to 24 MiB of it hold what is built: tmpfs: off in site.yaml');
    expect(explainLine(line, 'builder').hint).toContain('up to 24 MiB of it hold what is built: --tmpfs off');
  });
});
