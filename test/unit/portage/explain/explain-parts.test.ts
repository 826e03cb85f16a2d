import { describe, expect, test } from 'vitest';
import { explainEmergeFailure } from '../../../../src/portage/explain/explain-failure.ts';
import { explainSyncFailure } from '../../../../src/portage/explain/explain-sync-failure.ts';
import { readTranscript } from '../transcript.ts';

const emerge = (...lines: readonly string[]) => explainEmergeFailure({ exitStatus: 1, lines });
const sync = (...lines: readonly string[]) => explainSyncFailure({ exitStatus: 1, lines });
const gaveUp = '>>> Failed to emerge a/b-1, Log file:';
const died = (phase: string, message = 'emake failed') => [
  ` * ERROR: a/b-1::gentoo failed (${phase} phase):`,
  ` *   ${message}`,
];

describe('the lines that show the cause', () => {
  test.each<[string, readonly string[]]>([
    [
      'wrong-category',
      [
        'emerge: there are no ebuilds to satisfy "app-misc/curl".',
        'emerge: Maybe you meant any of these: net-misc/curl, app-misc/hello, app-misc/greet?',
      ],
    ],
    ['unknown-name', ['emerge: there are no ebuilds to satisfy "nosuchthing".']],
    [
      'unknown-dependency',
      [
        'emerge: there are no ebuilds to satisfy "test-fault/nowhere".',
        '(dependency required by "test-fault/unknown-dependency-1::faults" [ebuild])',
        '(dependency required by "test-fault/unknown-dependency" [argument])',
      ],
    ],
    ['source-missing', ["!!! Couldn't download 'source-missing-1.tar.gz'. Aborting."]],
    ['out-of-memory', [expect.stringContaining('Killed signal terminated program cc1') as string]],
    ['disk-full', [expect.stringContaining('No space left on device') as string]],
    ['terminated', []],
    ['compile-fails', []],
    ['unknown-option', [expect.stringContaining('unrecognized arguments') as string]],
    ['profile-invalid', [expect.stringContaining('Your current profile is invalid') as string]],
    ['collision', [expect.stringContaining('NOT merged due to file collisions') as string]],
  ])('are those of emerge: %s', (name, lines) => {
    expect(explainEmergeFailure(readTranscript(name)).relevantLines).toEqual(lines);
  });

  test.each([
    ['unknown-set', / sets to satisfy 'nosuchset'/, /x11-module-rebuild$/],
    ['masked', /^All ebuilds that could satisfy/, /./],
    ['masked-dependency', /^All ebuilds that could satisfy/, /^\(dependency required by .*\[argument\]\)$/],
    ['use-flag-missing', /built with USE flags to satisfy/, /^\(dependency required by .*\[argument\]\)$/],
    ['required-use', /^!!! The ebuild selected to satisfy/, /./],
    ['use-needed', /^The following USE changes are necessary to proceed:$/, /shout$/],
    ['slot-conflict', /^!!! Multiple package instances within a single package slot/, /./],
    ['circular', /circular dependencies:$/, /buildtime|runtime/],
    ['blocked', /^\[blocks B/, /./],
    ['checksum-wrong', /^!!! Fetched file: /, /^!!! /],
    ['fetch-restricted', /fetch restriction/, /./],
    ['disk-full-traceback', /No space left on device/, /./],
  ])('begin with the message and end with its details: %s', (name, first, last) => {
    const { relevantLines } = explainEmergeFailure(readTranscript(name));
    expect(relevantLines[0]).toMatch(first);
    expect(relevantLines.at(-1)).toMatch(last);
    expect(relevantLines.filter((line) => line.trim() === '')).toEqual([]);
    expect(new Set(relevantLines).size).toBe(relevantLines.length);
  });
});

describe('a package that failed', () => {
  test.each([
    ['depend', { about: 'tree', kind: 'update-tree', reason: 'broken-ebuild' }],
    ['pretend', { about: 'build', kind: 'read-package-message' }],
    ['setup', { about: 'build', kind: 'read-package-message' }],
    ['compile', undefined],
  ])('in the phase %s', (phase, remedy) => {
    expect(emerge(gaveUp, ...died(phase))).toMatchObject({
      ...{ code: 'build-failed', message: `failed to emerge a/b-1: the ${phase} phase failed: emake failed` },
      ...{ remedy, relevantLines: [], package: 'a/b-1', phase },
    });
  });

  test('without a message of its own', () => {
    expect(emerge(gaveUp, ...died('test', '(no error message)')).message).toBe(
      'failed to emerge a/b-1: the test phase failed',
    );
    expect(emerge('>>> Failed to install a/b-1, Log file:').message).toBe('failed to emerge a/b-1: it failed');
    expect(emerge(gaveUp)).toMatchObject({ phase: undefined, remedy: undefined, buildLog: undefined });
  });

  test('because its files collide names at most five files, each once', () => {
    const files = [1, 1, 2, 3, 4, 5, 6].map((number) => ` * \t/usr/bin/tool${number}`);
    const message = ' * Package a/b-1 NOT merged due to file collisions.';
    expect(emerge(gaveUp, ...files, message)).toMatchObject({
      message:
        'failed to emerge a/b-1: its files collide with those of another package: /usr/bin/tool1, /usr/bin/tool2, /usr/bin/tool3, /usr/bin/tool4, /usr/bin/tool5',
      relevantLines: [message],
    });
  });
});

describe('the end of emerge', () => {
  const traceback = 'Traceback (most recent call last):';

  test.each([
    [130, undefined, 'emerge was ended by SIGINT'],
    [143, undefined, 'emerge was ended by SIGTERM'],
    [1, 'SIGHUP', 'emerge was ended by SIGHUP'],
  ])('by status %d or signal %s', (exitStatus, signal, cause) => {
    const lines = ['>>> Emerging (1 of 2) a/b-1::gentoo'];
    expect(explainEmergeFailure({ exitStatus, signal, lines })).toMatchObject({
      ...{ code: 'emerge-failed', message: `failed to emerge a/b-1: ${cause}`, remedy: undefined, relevantLines: [] },
    });
  });

  test('by an error within Portage shows the last traceback', () => {
    const own = [
      traceback,
      '  File "x.py", line 1',
      'portage.exception.FileNotFound: /r/a/b/b-1.ebuild',
      'more: not the error',
    ];
    expect(emerge('before', traceback, 'KeyError: 1', ...own)).toMatchObject({
      message:
        'failed to emerge: Portage ended with an internal error: portage.exception.FileNotFound: /r/a/b/b-1.ebuild',
      remedy: { about: 'build', kind: 'build-again' },
      relevantLines: own,
    });
    expect(emerge(traceback, '  File "x.py", line 1', 'AssertionError').message).toMatch(
      /internal error: AssertionError$/,
    );
    expect(emerge(traceback, '  File "x.py", line 1').message).toMatch(/: Portage ended with an internal error$/);
  });

  test.each([
    'ValueError: No closing quotation',
    'portage.exception.ReadOnlyFileSystem: /var/cache/edb',
    "ImportError: cannot import name 'x'",
    "KeyError: 'x'",
  ])('by an error within Portage that is not about the tree blames no tree: %s', (line) => {
    expect(emerge(traceback, '  File "x.py", line 1', line)).toMatchObject({
      ...{ message: `failed to emerge: Portage ended with an internal error: ${line}`, remedy: undefined },
    });
  });

  test('by an error within Portage about a file of the tree says that the tree may have changed', () => {
    for (const line of [
      "FileNotFoundError: [Errno 2] x: '/var/db/repos/gentoo/profiles/x'",
      'KeyError: /r/metadata/md5-cache/a/b-1',
    ])
      expect(emerge(traceback, line).remedy).toEqual({ about: 'build', kind: 'build-again' });
  });

  test.each([
    ['emerge: error: argument --jobs: invalid choice', 'argument --jobs: invalid choice', 'check-emerge-options'],
    [
      '"/etc/portage/make.conf", line 2: /var/lib/layman/make.conf: No such file or directory',
      '"/etc/portage/make.conf", line 2: /var/lib/layman/make.conf: No such file or directory',
      'correct-source',
    ],
    ['emerge: error: ambiguous option: --no', 'ambiguous option: --no', 'check-emerge-options'],
    ['!!! Your current profile is invalid. Fix it', 'Your current profile is invalid. Fix it', 'check-profile'],
  ])('by the message %s', (line, cause, kind) => {
    expect(emerge('before', line, 'after')).toMatchObject({
      ...{ code: 'emerge-failed', message: `failed to emerge: ${cause}`, remedy: { kind }, relevantLines: [line] },
    });
  });

  test.each([
    ['!!! something', 'something'],
    ['>>> something', 'something'],
    [' * something', 'something'],
    ['emerge: something', 'something'],
    ['something: !!! odd', 'something: !!! odd'],
    ['x'.repeat(400), 'x'.repeat(300)],
  ])('by any other line, without its decoration and at most 300 characters of it: %s', (line, cause) => {
    expect(emerge('before', line, '--- ***')).toMatchObject({
      ...{ code: 'emerge-failed', message: `failed to emerge: ${cause}`, remedy: undefined, relevantLines: [cause] },
    });
  });

  test.each([
    '!!! News items will not be displayed',
    '!!! Use eselect profile to change it',
    ' * IMPORTANT: 3 news items need reading',
    ' * Use eselect news read to view them',
    '[exit 1]',
  ])('is not the note %s', (note) => {
    expect(emerge('!!! the cause', note).message).toBe('failed to emerge: the cause');
  });

  test('without any line is told by the status', () => {
    expect(emerge()).toMatchObject({ message: 'failed to emerge: it ended with status 1', relevantLines: [] });
  });
});

describe('a lack of memory or space', () => {
  test.each([
    ['internal compiler error: Killed (program cc1plus)', 'cc1plus'],
    ['g++: internal compiler error: Killed', 'a process'],
    ['/tmp/x.sh: line 12:  345 Killed                  ./tool', 'a process'],
    ['cc1: out of memory allocating 4096 bytes', 'a process'],
    ['Out of memory allocating 5 bytes', 'a process'],
    ['LLVM ERROR: out of memory', 'a process'],
    ['fork: Cannot allocate memory', 'a process'],
    ['make: *** [x] Killed', 'a process'],
    ['go build x: /usr/lib/go/pkg/tool/compile: signal: killed', 'a process'],
    ['fatal error: runtime: out of memory', 'a process'],
    ['runtime: out of memory: cannot allocate 4194304-byte block', 'a process'],
  ])('is seen in %s, if the kernel killed a process', (line, program) => {
    expect(explainEmergeFailure({ exitStatus: 1, lines: [gaveUp, line], memoryKills: 1 })).toMatchObject({
      ...{ code: 'out-of-memory', message: `failed to emerge a/b-1: ${program} was killed: out of memory` },
      ...{ relevantLines: [line], remedy: { about: 'build', kind: 'use-less-memory', tmpfsSize: undefined } },
    });
  });

  test.each([
    ['conftest: line 5: 12 Killed ./conftest', undefined, 'a process'],
    ['mmap: Cannot allocate memory', 0, 'a process'],
    ['g++: fatal error: Killed signal terminated program cc1plus', 0, 'cc1plus'],
  ])('is a guess if the kernel killed no process, or if that is not known: %s', (line, memoryKills, program) => {
    expect(
      explainEmergeFailure({ exitStatus: 1, lines: [line, gaveUp, ...died('compile')], memoryKills }),
    ).toMatchObject({
      code: 'build-failed',
      message: `failed to emerge a/b-1: the compile phase failed: emake failed; perhaps ${program} had too little memory`,
      remedy: { kind: 'use-less-memory' },
      relevantLines: [line],
    });
  });

  test.each([
    'make: *** [x] Killed by hand',
    'x make: *** [x] Killed',
    "say terminate called after throwing an instance of 'std::bad_alloc'",
    ': line x: 345 Killed',
    'Cannot allocate memory: retrying',
  ])('is not seen in %s', (line) => {
    expect(explainEmergeFailure({ exitStatus: 1, lines: [gaveUp, line], memoryKills: 1 }).code).toBe('build-failed');
  });

  test.each([[{ exitStatus: 1, signal: 'SIGKILL' }], [{ exitStatus: 137 }]])(
    'is told without a line if emerge itself was killed: %j',
    (end) => {
      expect(explainEmergeFailure({ ...end, lines: [], memoryKills: 1 })).toMatchObject({
        ...{ code: 'out-of-memory', message: 'failed to emerge: emerge was killed: out of memory', relevantLines: [] },
      });
      expect(explainEmergeFailure({ ...end, lines: [], memoryKills: 0 })).toMatchObject({
        code: 'emerge-failed',
        message: 'failed to emerge: emerge was ended by SIGKILL; perhaps it had too little memory',
        remedy: { kind: 'use-less-memory' },
      });
    },
  );

  test.each([
    ["tar: x: Cannot write: Disk quota exceeded '/a/b'", ' at /a/b'],
    ['cp: cannot create regular file \u2018/a/b\u2019: No space left on device', ' at /a/b'],
    ['write /a/b: Disk quota exceeded', ' at /a/b'],
    ['write x/a/b: No space left on device', ''],
    ['[Errno 28] No space left on device', ''],
  ])('of a disk names the path if there is one: %s', (line, where) => {
    expect(emerge(line)).toMatchObject({
      ...{ code: 'disk-full', message: `failed to emerge: no space left on device${where}`, relevantLines: [line] },
      remedy: { about: 'build', kind: 'free-disk-space' },
    });
  });

  test('case 3.2: of a disk is not taken to be where the package is built', () => {
    const at = (directory: string) =>
      emerge('ld: failed: No space left on device', gaveUp, ...died('compile'), ` * Working directory: '${directory}'`);
    expect(at('/tmp/a/b-1/work').message).toMatch(/no space left on device$/);
    expect(at('/root').message).toMatch(/no space left on device$/);
  });

  test('of a disk is seen in the demand of an ebuild, before it is compiled', () => {
    const demand = ' * There is NOT at least 7 GiB disk space at "/var/tmp"';
    for (const phase of ['pretend', 'setup'])
      expect(emerge(demand, gaveUp, ...died(phase))).toMatchObject({
        ...{ code: 'disk-full', message: 'failed to emerge a/b-1: it asks for 7 GiB of disk space at /var/tmp' },
        relevantLines: [demand],
      });
    expect(emerge(gaveUp, ...died('pretend'))).toMatchObject({ code: 'build-failed', causedBy: 'a/b-1' });
  });

  test('of memory is seen in the demand of an ebuild, too', () => {
    const demand = ' * There is NOT at least 64 GiB RAM';
    for (const phase of ['pretend', 'setup'])
      expect(emerge(demand, gaveUp, ...died(phase))).toMatchObject({
        ...{ code: 'out-of-memory', message: 'failed to emerge a/b-1: it asks for 64 GiB of memory' },
        ...{ relevantLines: [demand], causedBy: undefined },
      });
    expect(emerge(demand, ...died('compile')).code).toBe('build-failed');
  });
});

describe('a source', () => {
  const missing = "!!! Couldn't download 'x-1.tar.gz'. Aborting.";

  test.each([
    ['ERROR 404: Not Found.', ' (404: Not Found)'],
    ['failed: Connection refused.', ' (Connection refused)'],
    ["wget: unable to resolve host address 'x'", " (unable to resolve host address 'x')"],
    ['Unable to resolve host x.', ' (Unable to resolve host x)'],
    ['Could not resolve host: x', ' (Could not resolve host: x)'],
    ['curl: (22) The requested URL returned error: 500', ' (The requested URL returned error: 500)'],
    ['Unsupported scheme', ' (Unsupported scheme)'],
    ['Connection timed out.', ' (Connection timed out)'],
    ['another line', ''],
  ])('that cannot be downloaded, with %s', (line, reason) => {
    expect(emerge('ERROR 500: Old.', line, 'a note', missing)).toMatchObject({
      code: 'fetch-failed',
      message: `failed to emerge: could not download x-1.tar.gz${reason === '' ? ' (500: Old)' : reason}`,
      remedy: { about: 'build', kind: 'change-source', problem: 'missing' },
      relevantLines: [missing],
    });
  });

  test('that cannot be downloaded has a cause within the last twenty lines only', () => {
    const notes = (count: number) => Array.from({ length: count }, () => 'a note');
    expect(emerge('ERROR 404: Not Found.', ...notes(19), missing).message).toContain('(404: Not Found)');
    expect(emerge('ERROR 404: Not Found.', ...notes(20), missing).message).toMatch(/x-1\.tar\.gz$/);
    expect(emerge(missing, 'ERROR 404: Not Found.').message).toMatch(/x-1\.tar\.gz$/);
  });

  test.each([
    ['/d/x-1.tar.gz', 'fetch-failed', 'x-1.tar.gz', 'change-source'],
    ['/var/db/repos/gentoo/a/b/b-1.ebuild', 'emerge-failed', 'b-1.ebuild', 'update-tree'],
    ['/var/db/repos/gentoo/a/b/files/b.patch', 'emerge-failed', 'b.patch', 'update-tree'],
  ])('that differs from its Manifest entry: %s', (path, code, name, kind) => {
    const lines = [
      '!!! Digest verification failed:',
      `!!! ${path}`,
      '!!! Reason: Filesize',
      'x',
      '!!! Got: 1',
      '!!! Expected: 2',
    ];
    expect(emerge('before', ...lines)).toMatchObject({
      ...{ code, message: `failed to emerge: ${name} does not match its checksum in the Manifest (Filesize)` },
      remedy: { kind },
      relevantLines: [lines[0], lines[1], lines[2], lines[4]],
    });
  });

  test('that differs, without a name or a reason', () => {
    expect(emerge('!!! Digest verification failed:').message).toBe(
      'failed to emerge: a source does not match its checksum in the Manifest',
    );
    expect(emerge('!!! Fetched file: x-1.tar.gz VERIFY FAILED!').message).toBe(
      'failed to emerge: x-1.tar.gz does not match its checksum in the Manifest',
    );
  });

  test('that must be downloaded by hand, with the instructions of the ebuild', () => {
    const lines = [
      '!!! a/b-1 has fetch restriction turned on.',
      '!!! See there',
      ' * Get it by hand',
      ' * ERROR: x',
      ' *   ',
      'x',
    ];
    expect(emerge('before', ...lines, gaveUp, ...died('nofetch'))).toMatchObject({
      ...{ code: 'fetch-failed', message: 'failed to emerge a/b-1: its sources may only be downloaded by hand' },
      remedy: { about: 'build', kind: 'download-by-hand' },
      relevantLines: [...lines.slice(0, 3)],
    });
  });
});

describe('a package that is masked', () => {
  const masked = '!!! All ebuilds that could satisfy "a/b" have been masked.';
  const remedyFor = (...choices: readonly string[]) => emerge(masked, ...choices.map((text) => `- ${text}`)).remedy;

  test.each([
    ['a/b-1::x (masked by: package.mask)', 'package.mask', 'package.unmask', '=a/b-1'],
    ['a/b-1::x (masked by: missing keyword)', 'missing-keyword', 'package.accept_keywords', '=a/b-1 **'],
    ['a/b-1::x (masked by: ~arm64 keyword)', 'testing-keyword', 'package.accept_keywords', '=a/b-1 ~arm64'],
    ['a/b-1 (masked by: my-eula license(s))', 'licence', 'package.license', '=a/b-1 my-eula'],
  ])('gets a line that lifts its only mask: %s', (choice, mask, file, line) => {
    expect(remedyFor(choice)).toEqual({
      ...{ about: 'configuration', kind: 'unmask', mask },
      suggestions: [{ file, line, requiredBy: [] }],
    });
  });

  test.each([
    ['a/b-1 (masked by: package.mask, ~amd64 keyword)', 'testing-keyword'],
    ['a/b-1 (masked by: a, b license(s))', 'licence'],
    ['a/b-1 (masked by: x~amd64 keyword)', 'testing-keyword'],
    ['a/b-1:0 (masked by: package.mask)', 'package.mask'],
  ])('gets no line if it is masked in several ways or is no version: %s', (choice, mask) => {
    expect(remedyFor(choice)).toMatchObject({ kind: 'unmask', mask, suggestions: [] });
  });

  test('case 5.8: in several ways has all masks of the version that has fewest of them', () => {
    expect(remedyFor('a/b-1::x (masked by: package.mask, ~amd64 keyword, a license(s))')).toMatchObject({
      mask: 'licence',
      others: ['testing-keyword', 'package.mask'],
    });
    const single = remedyFor(
      'a/b-2::x (masked by: package.mask, ~amd64 keyword)',
      'a/b-1::x (masked by: package.mask)',
    );
    expect(single).toEqual({
      ...{ about: 'configuration', kind: 'unmask', mask: 'package.mask' },
      suggestions: [{ file: 'package.unmask', line: '=a/b-1', requiredBy: [] }],
    });
  });

  test.each(['corruption', 'invalid: RDEPEND: missing whitespace'])(
    'case 5.4: has a tree with a corrected ebuild for its remedy, masked by: %s',
    (reason) => {
      const remedy = { about: 'tree', kind: 'update-tree', reason: 'broken-ebuild' };
      expect(remedyFor(`a/b-1::x (masked by: ${reason})`)).toEqual(remedy);
    },
  );

  test('gets the line for the newest version that has a single mask, and its packages', () => {
    const required = '(dependency required by "c/d-1::x" [ebuild])';
    expect(
      emerge(
        masked,
        '- a/b-3::x (masked by: package.mask, missing keyword)',
        '- a/b-2::x (masked by: package.mask)',
        '- a/b-1::x (masked by: ~amd64 keyword)',
        required,
      ),
    ).toMatchObject({
      message:
        'failed to emerge c/d-1: a/b-3::x (masked by: package.mask, missing keyword), a/b-2::x (masked by: package.mask), a/b-1::x (masked by: ~amd64 keyword)',
      remedy: { mask: 'package.mask', suggestions: [{ line: '=a/b-2', requiredBy: ['c/d-1::x'] }] },
    });
  });

  test('case 5.4: needs a newer Portage or bash if these cannot read the ebuild', () => {
    const newer = { about: 'request', kind: 'update-portage' };
    expect(remedyFor('a/b-1::x (masked by: EAPI 9)')).toEqual(newer);
    const died = [
      ' * ERROR: a/b-1::x failed (depend phase):',
      ' *   EAPI 9 requires >=bash-5.3 but only 5.2 was found',
    ];
    expect(emerge(...died, masked, '- a/b-1::x (masked by: corruption)')).toMatchObject({
      message:
        'failed to emerge a/b: a/b-1::x (masked by: corruption): EAPI 9 requires >=bash-5.3 but only 5.2 was found',
      remedy: newer,
    });
    expect(emerge(...died)).toMatchObject({ code: 'build-failed', package: 'a/b-1', phase: 'depend', remedy: newer });
  });

  test('has no remedy but another version if the mask is of another kind', () => {
    expect(remedyFor('a/b-1 (masked by: profile)')).toEqual({ about: 'request', kind: 'choose-version' });
    expect(emerge(masked)).toMatchObject({
      message: 'failed to emerge a/b: all of its versions are masked',
      remedy: { kind: 'choose-version' },
    });
  });

  test('is shown with the comments of the mask and the licence', () => {
    const notes = ['/etc/portage/package.mask:', '# Why it is masked', "A copy of the 'x' license is at y"];
    expect(emerge(masked, '- a/b-1 (masked by: package.mask)', ...notes, 'other').relevantLines).toEqual([
      ...[masked, '- a/b-1 (masked by: package.mask)', ...notes],
    ]);
  });
});

describe('a request that cannot be met', () => {
  test('for a set that does not exist lists the sets', () => {
    const lines = [
      "!!! There are no sets to satisfy 'x'. The following sets exist:",
      '',
      '    a',
      '    b',
      'end',
      '    c',
    ];
    expect(emerge('before', ...lines)).toMatchObject({
      ...{ code: 'package-unknown', message: 'failed to emerge @x: there is no set of this name' },
      remedy: { about: 'request', kind: 'choose-set', sets: ['a', 'b'] },
      relevantLines: [lines[0], '    a', '    b'],
    });
  });

  test('for an ambiguous name shows the names', () => {
    const line = '!!! The short ebuild name "b" is ambiguous. Please specify';
    expect(emerge(line, '', '    a/b', '*  c/b', 'x/y')).toMatchObject({
      ...{ code: 'package-unknown', message: 'failed to emerge b: the name is ambiguous: a/b, c/b' },
      ...{ remedy: { about: 'request', kind: 'add-category' }, relevantLines: [line, 'a/b', 'c/b'] },
    });
  });

  test('because of USE flags names the flags to change, from the first choice', () => {
    const line = 'emerge: there are no ebuilds built with USE flags to satisfy "a/b[x,-y]".';
    const choices = ['- a/b-2::z (Change USE: +x -y)', '- a/b-1::z (Change USE: +w)'];
    expect(emerge(line, ...choices)).toMatchObject({
      message:
        'failed to emerge a/b[x,-y]: there are no ebuilds built with USE flags to satisfy "a/b[x,-y]": a/b-2::z (Change USE: +x -y), a/b-1::z (Change USE: +w)',
      remedy: { about: 'configuration', kind: 'change-use-flags', flags: ['x', '-y'] },
      relevantLines: [line, ...choices],
    });
    expect(emerge(line, '- a/b-2::z (Missing IUSE: x)', choices[1] ?? '').remedy).toMatchObject({ flags: ['w'] });
  });

  test('because of REQUIRED_USE shows the constraint', () => {
    const selected = ['!!! The ebuild selected to satisfy "a/b" has unmet requirements.', '- a/b-1::x USE="-c -d"'];
    const constraint = [
      '  The following REQUIRED_USE flag constraints are unsatisfied:',
      '    any-of ( c d )',
      '    e',
    ];
    const lines = [...selected, '', ...constraint, '', '(dependency required by "f/g-1" [ebuild])'];
    expect(emerge(...lines)).toMatchObject({
      message: 'failed to emerge a/b: its REQUIRED_USE is not satisfied: any-of ( c d ) e',
      relevantLines: lines.filter((line) => line !== ''),
    });
    expect(emerge(...selected, '').message).not.toContain('REQUIRED_USE');
  });

  test('because of necessary changes names each flag once; changes that were written are no failure', () => {
    const heading = 'The following USE changes are necessary to proceed:';
    const changes = ['# required by c/d-1::x', '# required by e (argument)', '>=a/b-1 x -y', '>=a/c-1 x'];
    expect(emerge('before', heading, ...changes, '', 'after')).toMatchObject({
      message: 'failed to emerge c/d-1: it needs USE changes: >=a/b-1 x -y, >=a/c-1 x',
      remedy: { kind: 'accept-changes', flags: ['x', '-y'] },
      relevantLines: [heading, ...changes],
    });
    expect(emerge(heading, '=a/b-1 ~amd64', '').message).toBe('failed to emerge: it needs USE changes: =a/b-1 ~amd64');
    expect(emerge(heading.replace('USE', 'keyword'), '=a/b-1 ~amd64').remedy).toMatchObject({ flags: [] });
    const written = emerge(heading, '>=a/b-1 x', 'Autounmask changes successfully written.');
    expect(written.message).not.toContain('it needs');
  });

  test('because of a slot conflict names the versions, each once', () => {
    const lines = [
      ...[
        '!!! Multiple package instances within a single package slot have been pulled',
        '!!! into the dependency graph, resulting in a slot conflict:',
        '',
      ],
      ...[
        'a/b:0',
        '',
        '  (a/b-2:0/0::x, ebuild scheduled for merge) pulled in by',
        '    =a/b-2 required by (c/d-1:0/0::x)',
        '    ^^',
      ],
      ...['  (a/b-1:0/0::x, ebuild scheduled for merge) pulled in by', '  (a/b-1:0/0::x, installed) pulled in by'],
    ];
    expect(emerge('before', ...lines)).toMatchObject({
      message: 'failed to emerge a/b:0: slot conflict between a/b-2 and a/b-1',
      remedy: { about: 'request', kind: 'separate-versions' },
      relevantLines: lines.filter((line) => line !== '' && line !== '    ^^'),
    });
  });

  test('because of blockers names each, and who wants the blocked package', () => {
    const lines = [
      ...['[blocks B      ] a/b ("a/b" is hard blocking c/d-1)', '[blocks B      ] a/e ("a/e" is soft blocking c/f-1)'],
      ...[
        ' * Error: The above package list contains packages which cannot be',
        '',
        '  a/b required by @world',
        '[x',
        'after',
      ],
    ];
    expect(emerge(...lines)).toMatchObject({
      message: 'failed to emerge c/d-1: blocked: "a/b" is hard blocking c/d-1; "a/e" is soft blocking c/f-1',
      remedy: { about: 'request', kind: 'separate-blockers' },
      relevantLines: [lines[0], lines[1], lines[2], lines[4]],
    });
  });

  test('because of a cycle names the packages in turn', () => {
    const lines = [
      ' * Error: circular dependencies:',
      '',
      '(a/b-1:0/0::x, ebuild) depends on',
      ' (a/c-1:0/0::x, ebuild) (buildtime)',
      'x',
    ];
    expect(emerge('(a/z-1:0/0::x, ebuild)', ...lines)).toMatchObject({
      message: 'failed to emerge a/b-1: circular dependencies: a/b-1 -> a/c-1',
      remedy: { about: 'configuration', kind: 'break-dependency-cycle' },
      relevantLines: [lines[0], lines[2], lines[3]],
    });
  });
});

describe('a Manifest of an ebuild repository', () => {
  test.each([
    "A file is not listed in the Manifest: '/r/a/b/files/x.patch'",
    'A file listed in the Manifest could not be found: /r/a/b/files/x.patch',
  ])('that does not fit its files has a hint: %s', (cause) => {
    expect(emerge(`!!! ${cause}`)).toMatchObject({
      ...{ code: 'emerge-failed', message: `failed to emerge: ${cause}`, relevantLines: [`!!! ${cause}`] },
      remedy: { about: 'tree', kind: 'update-tree', reason: 'damaged-tree' },
    });
  });

  test('is not taken from the output of a phase', () => {
    const line = "!!! A file is not listed in the Manifest: '/r/x'";
    expect(emerge(line, gaveUp, ...died('compile')).code).toBe('build-failed');
  });
});

describe('a sync', () => {
  test.each([
    ['ssh: Could not resolve host: x', 'Could not resolve host: x', 'check-host-name'],
    ["wget: unable to resolve host address 'x'", "unable to resolve host address 'x'", 'check-host-name'],
    ['x: Temporary failure in name resolution', 'Temporary failure in name resolution', 'check-host-name'],
    ['x: Name or service not known', 'Name or service not known', 'check-host-name'],
    ['rsync: failed to connect to x', 'failed to connect to x', 'check-network'],
    ['x: Connection refused (111)', 'Connection refused (111)', 'check-network'],
    ['x: Connection timed out', 'Connection timed out', 'check-network'],
    ['x: Network is unreachable', 'Network is unreachable', 'check-network'],
    ['!!! Manifest verification failed: x', 'Manifest verification failed: x', 'sync-from-another-mirror'],
    ['OpenPGP verification failed:', 'OpenPGP verification failed:', 'sync-from-another-mirror'],
    ['gpg: BAD signature from x', 'BAD signature from x', 'sync-from-another-mirror'],
    ["gpg: Can't check signature: x", "gpg: Can't check signature: x", 'sync-from-another-mirror'],
    ['!!! No valid signature found: x', 'No valid signature found: x', 'sync-from-another-mirror'],
    ['!!! No valid signature found: BAD signature', 'BAD signature', 'sync-from-another-mirror'],
    ['!!! snapshot was not found', 'snapshot was not found', 'check-mirrors'],
    ['2026-11-30 12:00:00 ERROR 404: Not Found.', '404: Not Found', 'check-mirrors'],
    ['curl: (22) The requested URL returned error: 404', 'The requested URL returned error: 404', 'check-mirrors'],
    ["@ERROR: Unknown module 'x'", "Unknown module 'x'", 'check-sync-uri'],
    [
      '@ERROR: max connections (50) reached -- try again later',
      'max connections (50) reached -- try again later',
      'sync-later',
    ],
    ['fatal: HEAD does not point to a branch', 'HEAD does not point to a branch', 'set-upstream'],
    ["fatal: no upstream configured for branch 'mine'", "no upstream configured for branch 'mine'", 'set-upstream'],
    [
      'fatal: not a git repository: /home/u/x/.git/worktrees/y',
      'not a git repository: /home/u/x/.git/worktrees/y',
      'clone-tree',
    ],
    ["fatal: '/x' does not exist", "'/x' does not exist", 'check-sync-uri'],
    ["fatal: couldn't find remote ref main", "couldn't find remote ref main", 'check-sync-uri'],
    ['rsync error: timeout (code 30) at io.c', 'rsync error: timeout (code 30) at io.c', 'check-network'],
  ])('fails because of %s', (line, cause, kind) => {
    expect(sync('before: x', line)).toEqual({
      ...{ code: 'sync-failed', message: `failed to sync the repository: ${cause}`, remedy: { about: 'tree', kind } },
      ...{ relevantLines: [line], package: undefined, phase: undefined, buildLog: undefined },
    });
  });

  test.each([
    [
      'the wrong file of a tree',
      [
        '!!! Manifest verification failed:',
        'Manifest mismatch for app-misc/x/x-1.ebuild',
        '  SHA512: expected: 1, have: 2',
      ],
      'Manifest mismatch for app-misc/x/x-1.ebuild',
    ],
    [
      'the bad signature of a Manifest',
      ['!!! Manifest verification failed:', 'OpenPGP verification failed:', 'gpg: BAD signature from "x" [ultimate]'],
      'BAD signature from "x" [ultimate]',
    ],
    [
      'another fault that gemato names in the next line',
      ['!!! Manifest verification failed:', 'Top-level Manifest not found'],
      'Manifest verification failed: Top-level Manifest not found',
    ],
    [
      'a Manifest without a signature, which Portage reports by a traceback',
      ['Traceback (most recent call last):', 'RuntimeError: OpenPGP signature not found on Manifest'],
      'OpenPGP signature not found on Manifest',
    ],
    [
      'the bad signature of a commit, whose key Portage fails to name',
      ["UnboundLocalError: cannot access local variable 'signing_key' where it is not associated with a value"],
      'bad signature on the newest commit',
    ],
  ])('names %s', (_what, lines, cause) => {
    expect(sync('before: x', ...lines)).toMatchObject({
      ...{ code: 'sync-failed', message: `failed to sync the repository: ${cause}` },
      remedy: { about: 'tree', kind: 'sync-from-another-mirror' },
    });
  });

  test('names the tree', () => {
    const failed = { exitStatus: 1, lines: [' * No valid signature found: no signature'] };
    expect(explainSyncFailure(failed, { tree: '/var/db/repos/x' }).message).toBe(
      'failed to sync /var/db/repos/x: No valid signature found: no signature',
    );
  });

  // Rows 1.1 and 3.2 blamed an address or the network that nobody had looked at.
  test.each([
    ['rsync error: some files', 'rsync error: some files'],
    ['rsync error: error in file IO (code 11)', 'rsync error: error in file IO (code 11)'],
    [
      "fatal: Unable to create '/r/.git/shallow.lock': File exists.",
      "Unable to create '/r/.git/shallow.lock': File exists.",
    ],
    ['fatal: bad object HEAD', 'bad object HEAD'],
    ['error: x', 'error: x'],
    ['fatal: not a git repository', 'fatal: not a git repository'],
    ['whatever else', 'whatever else'],
  ])('case 3.2: blames neither the network nor the address for %s', (line, cause) => {
    expect(sync('before: x', line)).toMatchObject({
      ...{ message: `failed to sync the repository: ${cause}`, remedy: undefined, relevantLines: [line] },
    });
  });

  // A key of the base that is too old or missing says nothing about the mirror.
  test.each([
    ['OpenPGP signature rejected because of expired key:', 'OpenPGP signature rejected because of expired key'],
    ['OpenPGP signature rejected because of revoked key:', 'OpenPGP signature rejected because of revoked key'],
    ['!!! No valid signature found: unable to verify signature (missing key?)', undefined],
    [' * No valid signature found: expired signature', undefined],
    ['!!! No valid signature found: expired key', undefined],
    ['!!! No valid signature found: revoked key', undefined],
    ["gpg: Can't check signature: No public key", undefined],
    ["gpg: Can't check signature: public key not found", undefined],
  ])(
    'that cannot be verified for want of a key blames no mirror: %s',
    (line, cause = line.replace(/^(?:!!!| \*) /, '')) => {
      expect(sync('!!! Manifest verification failed:', line)).toMatchObject({
        ...{ message: `failed to sync the repository: ${cause}`, remedy: { about: 'tree', kind: 'renew-keys' } },
        relevantLines: [line],
      });
    },
  );

  test('with a signature that is wrong is not explained by a key', () => {
    expect(sync('OpenPGP signature rejected because of expired key:', 'gpg: BAD signature from x').remedy).toEqual({
      ...{ about: 'tree', kind: 'sync-from-another-mirror' },
    });
  });

  test('that the server refuses is explained by the words of the server, and not by the end of rsync', () => {
    const end = 'rsync error: error starting client-server protocol (code 5) at main.c(1863)';
    expect(sync("@ERROR: Unknown module 'x'", end)).toMatchObject({
      ...{ message: "failed to sync the repository: Unknown module 'x'", remedy: { kind: 'check-sync-uri' } },
    });
    expect(sync('@ERROR: access denied to x', end)).toMatchObject({
      ...{ message: 'failed to sync the repository: access denied to x', remedy: undefined },
    });
  });

  test('is explained by the cause and not by its consequences', () => {
    expect(
      sync('fatal: x', 'error: y', 'z: Connection refused', '!!! git fetch error in /var/db/repos/x').message,
    ).toBe('failed to sync /var/db/repos/x: Connection refused');
  });

  test('that a signal ended, or that printed nothing, is told by that', () => {
    expect(explainSyncFailure({ exitStatus: 1, signal: 'SIGTERM', lines: ['last'] })).toMatchObject({
      ...{ message: 'failed to sync the repository: it was ended by SIGTERM', relevantLines: ['last'] },
    });
    expect(sync()).toMatchObject({
      ...{ message: 'failed to sync the repository: it ended with status 1', relevantLines: [] },
    });
  });
});

describe('case 1.3: a binary package that cannot be used', () => {
  const pkgdir = '/var/cache/binpkgs/x86_64-pc-linux-gnu/generic/default-v2-0123456789ab';
  const digest = (path: string) => [
    '>>> Emerging binary (1 of 1) app-misc/motto-1.1::gentoo',
    '!!! Digest verification failed:',
    `!!! ${path}`,
    '!!! Reason: Failed on MD5 verification',
    '!!! Got: 0',
    '!!! Expected: 1',
  ];

  test.each(['gpkg.tar', 'xpak', 'tbz2'])('is damaged, and not a source: %s', (extension) => {
    const path = `${pkgdir}/app-misc/motto/motto-1.1-1.${extension}`;
    expect(emerge(...digest(path))).toMatchObject({
      code: 'store-corrupt',
      message: `failed to emerge app-misc/motto-1.1: the binary package ${path} is damaged (Failed on MD5 verification)`,
      remedy: { about: 'build', kind: 'compile-again' },
    });
  });

  test('is damaged, although Portage ends as if by a signal because the store is read-only', () => {
    const path = `${pkgdir}/app-misc/motto/motto-1.1-1.gpkg.tar`;
    const lines = ['Traceback (most recent call last):', `OSError: [Errno 30] Read-only file system: '${path}'`];
    expect(explainEmergeFailure({ exitStatus: 143, lines: [...lines, ...digest(path)] }).code).toBe('store-corrupt');
    expect(explainEmergeFailure({ exitStatus: 143, lines }).code).toBe('emerge-failed');
  });

  test('cannot be unpacked, although its checksums are right', () => {
    const path = `${pkgdir}/app-misc/motto/motto-1.1-1.gpkg.tar`;
    const [emerging = ''] = digest(path);
    expect(emerge(emerging, `!!! Error extracting '${path}', empty file`)).toMatchObject({
      code: 'store-corrupt',
      message: `failed to emerge app-misc/motto-1.1: the binary package ${path} cannot be unpacked (empty file)`,
      remedy: { about: 'build', kind: 'compile-again' },
    });
  });

  test('case 1.2: is missing, although the index names it', () => {
    expect(
      emerge(
        '>>> Emerging binary (1 of 1) app-misc/motto-1.1::gentoo',
        "!!! Tried to use non-existent binary for 'app-misc/motto-1.1'",
        "!!! Likely caused by an outdated index. Run 'emaint binhost -f'.",
      ),
    ).toMatchObject({
      code: 'store-corrupt',
      message:
        'failed to emerge app-misc/motto-1.1: the index of the binary packages names it, but its file is missing',
    });
  });
});

describe('case 5.5: a failure without a message of die', () => {
  test('names the phase whose bash ended', () => {
    expect(emerge(gaveUp, " * The ebuild phase 'compile' has exited unexpectedly. This type of")).toMatchObject({
      message: 'failed to emerge a/b-1: the compile phase failed: bash ended without a message of die',
      phase: 'compile',
    });
  });

  test('is a failure to download if no mirror is known', () => {
    expect(emerge(gaveUp, "Warning: No mirrors available for file 'b-1.tar.gz'")).toMatchObject({
      code: 'fetch-failed',
      message: 'failed to emerge a/b-1: could not download b-1.tar.gz (no mirror is known for it)',
      remedy: { kind: 'change-source' },
    });
  });
});

test('case 5.4: an unknown package of a set is told with the set', () => {
  const lines = ['emerge: there are no ebuilds to satisfy "a/b".', '(dependency required by "@odd" [argument])'];
  expect(emerge(...lines)).toMatchObject({
    code: 'package-unknown',
    message: 'failed to emerge a/b: there are no ebuilds to satisfy "a/b", which the set @odd names',
    relevantLines: lines,
  });
});
