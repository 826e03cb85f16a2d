import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../site/git-program.ts';

interface Answers {
  /** By npm script: the results of the tests that it reports, by the path of their file. `broken` and `hook` are of no test. */
  readonly reports: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly failing?: readonly string[];
}

/** Runs `.ci/run` with an npm that only answers. */
function runChecks({ reports, failing = [] }: Answers) {
  using home = temporaryDirectory();
  for (const directory of ['.ci', 'bin', 'reports', 'setup']) mkdirSync(join(home.path, directory));
  for (const file of ['.ci/run', 'package.json', 'setup/summarize-tests.js']) cpSync(file, join(home.path, file));
  for (const [script, files] of Object.entries(reports)) {
    const testResults = Object.entries(files).map(([file, statuses]) => ({
      name: join(home.path, file),
      status: statuses.some((status) => /failed|broken|hook/.test(status)) ? 'failed' : 'passed',
      message: statuses.includes('broken') ? 'Error: no such image\n    at start' : '',
      assertionResults: statuses
        .filter((status) => !['broken', 'hook'].includes(status))
        .map((status, index) => ({
          ancestorTitles: ['zentoo build'],
          title: `builds ${index}`,
          status,
          failureMessages: status === 'failed' ? ['\u001B[31mError: expected 1\u001B[39m to be 2\n    at it'] : [],
        })),
    }));
    writeFileSync(join(home.path, 'reports', script), JSON.stringify({ testResults }));
  }
  const npm = `#!/bin/sh
echo "$2" >>"${home.path}/ran"
for word; do case $word in --outputFile.json=*) cp "${home.path}/reports/$2" "\${word#*=}" ;; esac; done
case " ${failing.join(' ')} " in *" $2 "*) echo "an error outside all tests of $2" >&2; exit 1 ;; esac
`;
  writeFileSync(join(home.path, 'bin/npm'), npm);
  chmodSync(join(home.path, 'bin/npm'), 0o755);
  const env = { ...process.env, PATH: `${home.path}/bin:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync(join(home.path, '.ci/run'), { env, encoding: 'utf8' });
  const ran = readFileSync(join(home.path, 'ran'), 'utf8').trimEnd().split('\n');
  return { status, closing: stdout.trimEnd().split('\n').at(-1), stdout, stderr, ran };
}

const tests = {
  'test/unit/a.test.ts': ['passed', 'passed'],
  'test/integration/b.test.ts': ['passed', 'pending'],
  'test/e2e/c.test.ts': ['passed'],
};
const sites = { 'test/sites/d.test.ts': ['passed'] };

describe('.ci/run', () => {
  it('runs the quick checks first and counts the tests of all tiers', () => {
    const { status, closing, ran } = runChecks({ reports: { test: tests, 'test:sites': sites } });
    expect({ status, closing }).toEqual({ status: 0, closing: '5 passed, 0 failed, 1 skipped' });
    expect(ran).toEqual([
      ...['setup', 'format', 'lint', 'lint:workflows', 'types', 'knip', 'lint:shell', 'lint:python'],
      ...['test', 'test:sites'],
    ]);
  });

  it('runs everything although something fails, and fails', () => {
    const reports = { test: tests, 'test:sites': { 'test/sites/d.test.ts': ['failed', 'passed'] } };
    const { status, closing, stdout, ran } = runChecks({ reports, failing: ['lint:shell', 'test:sites'] });
    expect({ status, closing }).toEqual({ status: 1, closing: '5 passed, 1 failed, 1 skipped' });
    expect(stdout).toContain('failed: shellcheck\nfailed: tests of sites\n');
    expect(ran).toHaveLength(10);
  });

  it('names each failed test and the first line of its message before the closing line', () => {
    const reports = {
      test: { ...tests, 'test/unit/e.test.ts': ['broken'], 'test/e2e/f.test.ts': ['pending', 'hook'] },
      'test:sites': { 'test/sites/d.test.ts': ['passed', 'failed'] },
    };
    const { stdout } = runChecks({ reports, failing: ['test', 'test:sites'] });
    const end = stdout.slice(stdout.indexOf('\nfailed tests:'));
    expect(end.split('\n')).toEqual([
      '',
      'failed tests:',
      'test/unit/e.test.ts',
      '  Error: no such image',
      'test/e2e/f.test.ts',
      '  a hook failed',
      'test/sites/d.test.ts > zentoo build > builds 1',
      '  Error: expected 1 to be 2',
      '5 passed, 1 failed, 2 skipped',
      '',
    ]);
  });

  it('repeats the last lines of each failed check before the closing line', () => {
    const reports = { test: tests, 'test:sites': sites };
    const { status, stdout } = runChecks({ reports, failing: ['types', 'test'] });
    const end = stdout.slice(stdout.indexOf('\n== the end of:'));
    expect(status).toBe(1);
    expect(end.split('\n')).toEqual([
      '',
      '== the end of: types',
      'an error outside all tests of types',
      '',
      '== the end of: unit, integration and e2e tests',
      'an error outside all tests of test',
      '',
      'failed: types',
      'failed: unit, integration and e2e tests',
      '5 passed, 0 failed, 1 skipped',
      '',
    ]);
  });

  it.each([
    ['a tier ran no test', { test: { ...tests, 'test/e2e/c.test.ts': ['pending'] }, 'test:sites': sites }, 'e2e'],
    ['a report is missing', { test: tests }, 'sites'],
  ])('fails if %s', (_name, reports, tier) => {
    const { status, stderr } = runChecks({ reports });
    expect(status).toBe(1);
    expect(stderr).toContain(`no test of ${tier} was run\n`);
  });
});
