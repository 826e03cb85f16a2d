import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/**
 * A test in a report of vitest's reporter `json`.
 * @typedef {{ ancestorTitles: string[], title: string, status: string, failureMessages?: string[] | null }} Test
 * A test file in such a report. `message` is of an error outside all tests.
 * @typedef {{ name: string, status: string, message: string, assertionResults: Test[] }} TestFile
 */

const TIERS = /** @type {const} */ (['unit', 'integration', 'e2e', 'sites']);

/**
 * Summarizes the test reports of a run of all tiers.
 * @param {string} project the directory that contains `test`
 * @param {readonly TestFile[]} files
 * @returns {{ failures: string[], missing: string[], closing: string }} lines about the failed tests; the tiers of which no
 *   test ran; and the closing line, which counts all tests
 */
function summarizeTests(project, files) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Set<string>} */
  const ran = new Set();
  for (const { name, assertionResults } of files) {
    const tier = TIERS.find((each) => name.startsWith(`${project}/test/${each}/`));
    for (const { status } of assertionResults) {
      if (status !== 'passed' && status !== 'failed') count.skipped += 1;
      else count[status] += 1;
      if (tier !== undefined && (status === 'passed' || status === 'failed')) ran.add(tier);
    }
  }
  return {
    failures: files.flatMap((file) => describeFailures(project, file)),
    missing: TIERS.filter((tier) => !ran.has(tier)),
    closing: `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`,
  };
}

/**
 * @param {string} project
 * @param {TestFile} file
 * @returns {string[]}
 */
function describeFailures(project, { name, status, message, assertionResults }) {
  const path = name.replace(`${project}/`, '');
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [path, `  ${firstLine(message) || 'a hook failed'}`] : [];
  return failed.flatMap(({ ancestorTitles, title, failureMessages }) => [
    [path, ...ancestorTitles, title].join(' > '),
    `  ${firstLine(failureMessages?.[0] ?? '')}`,
  ]);
}

/** @param {string} message */
function firstLine(message) {
  return stripVTControlCharacters(message).trim().split('\n')[0] ?? '';
}

/**
 * `node setup/summarize-tests.js PROJECT REPORT...`: prints the failed tests and, as the last line, the numbers of tests. Fails
 * if a tier ran no test, or if there is no report.
 * @param {readonly string[]} args
 * @returns {number} the exit status
 */
function main([project = '', ...reports]) {
  /** @type {TestFile[]} */
  const files = reports
    .filter((report) => existsSync(report))
    .flatMap((report) => JSON.parse(readFileSync(report, 'utf8')).testResults);
  const { failures, missing, closing } = summarizeTests(project, files);
  for (const tier of missing) process.stderr.write(`no test of ${tier} was run\n`);
  process.stdout.write([...(failures.length === 0 ? [] : ['failed tests:', ...failures]), closing, ''].join('\n'));
  return missing.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
