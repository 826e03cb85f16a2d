import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Settings that would count otherwise: those of git itself, whatever its version has for a default. */
const settings = {
  'protocol.file.allow': 'always',
  'init.defaultBranch': 'base',
  'gc.auto': '0',
  'core.fsync': 'none',
  'commit.gpgsign': 'false',
  'core.excludesFile': '/dev/null',
  'core.attributesFile': '/dev/null',
  'core.hooksPath': '/dev/null',
};

/**
 * The environment of this machine without anything that git goes by: with the GIT_DIR of a hook that runs the tests, git
 * would write into the repository that is being committed to.
 */
function environmentOfGit(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return {
    ...Object.fromEntries(others),
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    // New repositories get no sample hooks: a dozen files that no test reads.
    GIT_TEMPLATE_DIR: '',
    GIT_AUTHOR_NAME: 'Larry',
    GIT_AUTHOR_EMAIL: 'larry@example.org',
    GIT_COMMITTER_NAME: 'Larry',
    GIT_COMMITTER_EMAIL: 'larry@example.org',
  };
}

/** Runs the real git in a directory, without anybody's settings; returns what it prints. */
export function git(directory: string, ...args: readonly string[]): string {
  return gitWithInput(directory, '', ...args).toString('utf8');
}

/** As `git`, with a standard input; returns the bytes. */
export function gitWithInput(directory: string, input: string, ...args: readonly string[]): Buffer {
  return runWithGit('git', [...gitOptions(directory), ...args], input);
}

/** The directory and the settings, as options of git. */
function gitOptions(directory: string): readonly string[] {
  return ['-C', directory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function runWithGit(program: string, args: readonly string[], input: string): Buffer {
  return execFileSync(program, args, {
    env: environmentOfGit(),
    input,
    maxBuffer: 2 ** 26,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/**
 * Runs shell commands, in which `run ARGS...` is {@link git} with these arguments. A new process of this large process costs more
 * than most commands of git, and a new process of a shell costs little.
 */
export function gitScript(directory: string, script: string, ...args: readonly string[]): string {
  const settingsOfRun = gitOptions(directory).map((option) => `'${option.replaceAll("'", "'\\''")}'`);
  const program = `run() { git ${settingsOfRun.join(' ')} "$@"; }\n${script}`;
  return runWithGit('sh', ['-ec', program, 'sh', ...args], '').toString('utf8');
}

/** Writes files, by their paths in the directory, making directories where they are missing. */
export function writeFiles(directory: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** Commits all that is in the working tree. */
export function commitAll(directory: string): void {
  gitScript(directory, 'run add --all\nrun commit --quiet --allow-empty --message=change');
}

/** A directory that is removed when it goes out of scope. */
export function temporaryDirectory(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'gentoo-builder-site-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Everything that can be seen of a directory but access times: type, mode, time, target and content of all below it. */
export function fingerprint(directory: string): string {
  const hash = createHash('sha256');
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const full = join(directory, path);
    const { mode, mtimeMs } = lstatSync(full);
    hash.update(JSON.stringify([path, mode, mtimeMs]));
    if (lstatSync(full).isSymbolicLink()) hash.update(readlinkSync(full));
    else if (lstatSync(full).isFile()) hash.update(readFileSync(full));
  }
  return hash.digest('hex');
}
