import { existsSync, mkdirSync, openSync, readSync, closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, reportFailure } from './failure.js';
import { installFromDebian } from './packages/install-from-debian.js';
import { interruptible } from './process/interruption.js';
import { CACHE, PROJECT } from './places.js';
import { runCommand } from './process/run-command.js';
import { runInForeground } from './process/run-in-foreground.js';
import { doStep } from './process/step.js';

/** The version is fixed because its rules and its format are. */
const RUFF = '0.17.6';

/**
 * pycodestyle, Pyflakes, bugbear, isort, pyupgrade, simplify. Settings stand here, so that no file in the root is needed. Portage
 * is not the folder src/portage, and stages that are in use have Python 3.9 or later.
 */
const RUFF_SETTINGS = ['--isolated', '--line-length=140', '--target-version=py39'];
const RUFF_RULES = ['--select=E,W,F,B,I,UP,SIM', '--config=lint.isort.known-third-party=["portage"]'];

/** The first line of a program, or of a file that a shell program reads: `# shellcheck shell=sh`. */
const FIRST_LINES = { shell: /^#!\/bin\/(?:ba)?sh\b|^# shellcheck shell=/, python: /^#!.*\bpython3?\b/ };

const SUFFIXES = { shell: '.sh', python: '.py' };

/**
 * `npm run lint:shell` and `npm run lint:python`: check the shell or the Python programs of the whole project, whether they
 * run in containers or on this machine, and install the linter if it is missing.
 * @param {string | undefined} language
 * @returns {Promise<number>} the exit status; 1 if a program has a fault
 */
async function lintPrograms(language) {
  if (language !== 'shell' && language !== 'python')
    throw new Failure('lint programs', `there is no language ${language}`, { hint: 'name one: shell or python' });
  const files = await findPrograms(language);
  if (files.length === 0) throw new Failure('lint programs', `there is no ${language} program`);
  process.chdir(PROJECT);
  if (language === 'shell') {
    await interruptible(ensureShellcheck);
    return runInForeground('shellcheck', ['--external-sources', ...files], process.env);
  }
  const ruff = await interruptible(ensureRuff);
  const status = await runInForeground(
    ruff,
    ['check', '--no-cache', ...RUFF_SETTINGS, ...RUFF_RULES, ...files],
    process.env,
  );
  const format = ['format', '--no-cache', '--check', '--diff', ...RUFF_SETTINGS, ...files];
  return status || (await runInForeground(ruff, format, process.env));
}

/**
 * Finds programs by their names, and by their first lines if the names have no suffix.
 * @param {keyof typeof SUFFIXES} language
 * @returns {Promise<readonly string[]>} paths below the project
 */
async function findPrograms(language) {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout, stderr } = await runCommand('git', list, { cwd: PROJECT });
  if (status !== 0) throw new Failure('list the files of the project', stderr.trim());
  const files = stdout.split('\0').filter((file) => file !== '' && existsSync(join(PROJECT, file)));
  return files.filter(
    (file) => file.endsWith(SUFFIXES[language]) || FIRST_LINES[language].test(readStart(join(PROJECT, file))),
  );
}

/** @param {string} path */
function readStart(path) {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(100);
    return start.toString('utf8', 0, readSync(file, start, 0, start.length, 0));
  } finally {
    closeSync(file);
  }
}

async function ensureShellcheck() {
  if ((await runCommand('shellcheck', ['--version'])).status === 0) return;
  await installFromDebian('shellcheck', 'install shellcheck, for example from your distribution');
}

/** @returns {Promise<string>} the path of the program */
async function ensureRuff() {
  const directory = join(CACHE, `ruff-${RUFF}`);
  const program = join(directory, 'bin', 'ruff');
  if ((await runCommand(program, ['--version'])).status === 0) return program;
  if ((await runCommand('python3', ['-m', 'pip', '--version'])).status !== 0)
    await installFromDebian('python3-pip', 'install Python 3 with pip');
  await doStep(
    `install ruff ${RUFF}`,
    'install-ruff',
    async (run) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true });
      await run('python3', ['-m', 'pip', 'install', '--no-deps', '--target', directory, `ruff==${RUFF}`]);
    },
    'check that the Python package index is reachable: run `pip download ruff`',
  );
  return program;
}

process.exitCode = await lintPrograms(process.argv[2]).catch(reportFailure);
