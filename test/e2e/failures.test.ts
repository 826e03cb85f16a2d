import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder, faultsStage, remainsOf, type BuilderOutcome } from '../support/builder.ts';
import { ownLines } from '../support/own-lines.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { runProgram } from '../support/run-program.ts';

const nothing = { volumes: [], containers: [], images: [] };

/** All tests of this file build from one base in one tree, which the first one fills. */
const builder = new Builder();
let base = '';

beforeAll(async () => {
  base = await builder.makeImage(faultsStage);
});
afterAll(() => builder[Symbol.asyncDispose]());

const run = (...args: string[]) => builder.run(['--sync-max-age=1h', ...args], { base });

/** Runs a command line in a shell. Returns its output. */
async function typeIn(commandLine: string, input = ''): Promise<string> {
  const child = spawn('sh', ['-c', commandLine], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect({ commandLine, status: child.exitCode }).toEqual({ commandLine, status: 0 });
  return stdout;
}

function logCommand({ stderr }: BuilderOutcome): string {
  return /the whole log: (docker run .*)$/m.exec(stderr)?.[1] ?? 'no command for the log';
}

/** The command lines of the processes that are in a container's control group, seen from the engine's host. */
async function commandsIn(container: string): Promise<string> {
  const script = `for process in /proc/[0-9]*; do
    ! grep -q ${container} "$process/cgroup" || { tr '\\0' ' ' <"$process/cmdline"; echo; }
  done 2>/dev/null`;
  const { status, stdout } = await runProgram('docker', ['run', '--rm', '--pid=host', base, 'sh', '-c', script]);
  expect(status).toBe(0);
  return stdout;
}

describe('a package that cannot be built', () => {
  const failures = [
    {
      name: 'app-misc/curl',
      status: 32,
      message:
        'app-misc/curl: there are no ebuilds to satisfy "app-misc/curl". Maybe you meant any of these: net-misc/curl, ',
      hint: 'name one of these packages',
      shown: /^emerge: Maybe you meant any of these: net-misc\/curl, /m,
      log: /^(?:>>> The tree was synced .*\n)?\nemerge: there are no ebuilds [^]*\nemerge: Maybe you meant [^\n]*\n$/,
    },
    {
      name: 'test-fault/compile-fails',
      status: 31,
      message: 'test-fault/compile-fails-1: the compile phase failed: emake failed',
      hint: 'the whole log: ',
      shown: /error: ‘anwser’ undeclared/,
      log: /^ \* Package: +test-fault\/compile-fails-1:0\n[^]*\n \* S: '\S+'\n$/,
    },
    {
      name: 'test-fault/configure-fails',
      status: 31,
      message: 'test-fault/configure-fails-1: the configure phase failed: nothing to configure with',
      hint: 'the whole log: ',
      shown: /failed \(configure phase\)/,
      log: /^ \* Package: +test-fault\/configure-fails-1:0\n/,
    },
    {
      name: 'test-fault/install-fails',
      status: 31,
      message: 'test-fault/install-fails-1: the install phase failed: dobin failed',
      hint: 'the whole log: ',
      shown: /dobin: program-that-was-never-built does not exist/,
      log: /^ \* Package: +test-fault\/install-fails-1:0\n/,
    },
    {
      name: 'test-fault/postinst-fails',
      status: 31,
      message: 'test-fault/postinst-fails-1: the postinst phase failed: installed, but of no use',
      hint: 'the whole log: ',
      shown: /failed \(postinst phase\)/,
      log: /^ \* Package: +test-fault\/postinst-fails-1:0\n/,
    },
    {
      name: 'test-fault/masked',
      status: 33,
      message: 'test-fault/masked: test-fault/masked-1::faults (masked by: package.mask)',
      hint: 'let emerge unmask it: --emerge-option=--autounmask=y',
      shown: /^# Masked so that a test can ask for it\.$/m,
      log: /^(?:>>> The tree was synced .*\n)?All ebuilds that could satisfy [^]* or refer to the Gentoo Handbook\.\s+$/,
    },
    {
      name: 'test-fault/keyword-masked',
      status: 33,
      message: 'test-fault/keyword-masked: test-fault/keyword-masked-1::faults (masked by: ~amd64 keyword)',
      hint: 'accept the keyword with ACCEPT_KEYWORDS',
      shown: /masked by: ~amd64 keyword/,
      log: /^(?:>>> The tree was synced .*\n)?All ebuilds that could satisfy [^]* or refer to the Gentoo Handbook\.\s+$/,
    },
    {
      name: 'test-fault/required-use',
      status: 33,
      message: 'test-fault/required-use: its REQUIRED_USE is not satisfied: any-of ( left right )',
      hint: 'change the USE flags with --use',
      shown: /USE="-left -right"/,
      log: /Problem resolving dependencies for test-fault\/required-use$/m,
    },
    {
      name: 'test-fault/use-needed',
      status: 33,
      message: 'test-fault/use-needed-1: it needs USE changes: >=dev-libs/greeting-2.0 shout',
      hint: 'change the USE flags with --use "shout", or let emerge change them: --emerge-option=--autounmask-continue=y',
      shown: /^# required by test-fault\/use-needed-1::faults$/m,
      log: /^The following USE changes are necessary to proceed:\n[^]*unstable packages\.\n$/m,
    },
    {
      name: 'test-fault/unknown-dependency',
      status: 33,
      message: 'test-fault/unknown-dependency-1: there are no ebuilds to satisfy "test-fault/nowhere"',
      hint: 'the tree has no version that satisfies the dependency, and a newer tree may have one: sync the tree',
      shown: /required by "test-fault\/unknown-dependency-1::faults"/,
      log: /^emerge: there are no ebuilds [^]*\[argument\]\)\n$/m,
    },
    {
      name: 'test-fault/source-missing',
      status: 34,
      message: 'test-fault/source-missing-1: could not download source-missing-1.tar.gz (404: Not Found)',
      hint: 'check the network of the engine; if the source has moved, sync the tree',
      shown: /^!!! Couldn't download 'source-missing-1\.tar\.gz'/m,
      log: /404 Not Found\n[^]*\n!!! Couldn't download 'source-missing-1\.tar\.gz'\. Aborting\.\n$/,
    },
    {
      name: 'test-fault/checksum-wrong',
      status: 34,
      message: 'test-fault/checksum-wrong-1: checksum-wrong-1.tar.gz does not match its checksum in the Manifest',
      hint: 'the tree may be older than the source',
      shown: /VERIFY FAILED/,
      log: /\n!!! Expected: 0+\n/,
    },
  ];

  it.for(failures)('is named with its cause and a hint, and leaves nothing: $name', async (failure) => {
    const outcome = await run(failure.name);
    expect({ ...outcome }).toMatchObject({ status: failure.status, stdout: '' });
    expect(outcome.stderr).toContain(`\ngentoo-builder: failed to emerge ${failure.message}`);
    expect(outcome.stderr.slice(outcome.stderr.lastIndexOf('  hint: '))).toContain(failure.hint);
    expect(outcome.stderr).toMatch(failure.shown);
    // The log of emerge if it began no package, else the log of the package.
    const log = await typeIn(logCommand(outcome));
    expect(log).toMatch(failure.log);
    // `cat -v` writes the bytes of characters other than ASCII as `M-x`.
    const lines = log.trimEnd().split('\n').slice(-10);
    for (const line of lines.filter((each) => !/M-[b^]/.test(each))) expect(outcome.stderr).toContain(line.trimEnd());
    expect(await remainsOf(outcome.id, base)).toEqual(nothing);
  });

  it('is shown with a command for its log if the logs are in a directory of the host', async ({ onTestFinished }) => {
    const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-logs-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const outcome = await run('--log-dir', directory, 'test-fault/masked');
    const command = /the whole log: (less \S+)$/m.exec(outcome.stderr)?.[1] ?? 'no command for the log';
    expect(await typeIn(command.replace('less', 'cat'))).toContain('have been masked');
  });
});

/** Whether an entry of the log is about the run itself, and not about what the builder of another test left when it was killed. */
function isOwn({ level, msg }: Record<string, unknown>): boolean {
  return ownLines(`${level === 'warn' ? 'warning' : 'note'}: ${String(msg)}\n`) !== '';
}

describe('a failure in a form for programs', () => {
  it('is one object on standard output with --json, and one line on standard error with --log-format json', async () => {
    const outcome = await run('--json', '--log-format', 'json', 'test-fault/masked');
    expect(outcome.status).toBe(33);
    const message = 'failed to emerge test-fault/masked: test-fault/masked-1::faults (masked by: package.mask)';
    const hint = expect.stringContaining('the whole log: ') as string;
    const failure = { code: 'package-unsatisfiable', exitStatus: 33, message, hint };
    expect(outcome.stdout).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(outcome.stdout)).toEqual({ failures: [failure] });
    const lines = outcome.stderr.trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(isOwn);
    expect(entries[0]).toMatchObject({ level: 'info', event: 'step-started', step: 'preconditions' });
    const { code, exitStatus } = failure;
    expect(entries.at(-1)).toMatchObject({ level: 'error', event: 'failed', msg: message, code, exitStatus, hint });
  });
});

describe('a compiler that the kernel kills because memory is short', () => {
  it('is named, with a hint to use less memory', async () => {
    const running = builder.start(['--sync-max-age=1h', 'test-fault/out-of-memory'], { base });
    const container = await running.buildContainer();
    await rawDocker().getContainer(container).update({ Memory: 600e6, MemorySwap: 600e6 });
    const outcome = await running.outcome;
    expect({ ...outcome }).toMatchObject({ status: 36, stdout: '' });
    expect(outcome.stderr).toContain('failed to emerge test-fault/out-of-memory-1: cc1 was killed: out of memory');
    expect(outcome.stderr).toMatch(/hint: build with fewer processes: --jobs 1/);
    expect(await remainsOf(outcome.id, base)).toEqual(nothing);
  });
});

describe('a package that prints 200 MB', () => {
  it('is built by a builder with 160 MB of memory, and its log is complete', async () => {
    const options = ['--no-binpkgs', '--emerge-option=--quiet=n', '--emerge-option=--quiet-build=n'];
    const outcome = await builder.run(['--json', '--sync-max-age=1h', ...options, 'test-fault/prints-much'], {
      base: faultsStage,
      docker: ['--memory=160m', '--memory-swap=160m'],
    });
    expect({ status: outcome.status, end: outcome.stderr.slice(-2000) }).toMatchObject({ status: 0 });
    const { image, log } = JSON.parse(outcome.stdout) as { image: string; log: string };
    builder.removeLater({ image });
    const count = (lines: string) => lines.match(/ -c -o part-\d+\.o /g)?.length ?? 0;
    const file = log.replace(/^.*, /, '/log/');
    const kept = await typeIn(
      `docker run --rm -v ${builder.volumes.logs}:/log:ro ${base} grep -c ' -c -o part-[0-9]*.o ' ${file}`,
    );
    expect(count(outcome.stderr)).toBeGreaterThan(200e6 / 100);
    expect(Number(kept)).toBe(count(outcome.stderr));
  });
});

describe('a process that a package leaves behind', () => {
  it('neither delays the build nor outlives it', async () => {
    // The build does not end before the test has looked.
    const waits = 'post_src_install() { until [ -e /looked ]; do sleep 0.1; done; }';
    const waiting = await builder.makeImage(faultsStage, `RUN echo '${waits}' >/etc/portage/bashrc`);
    const running = builder.start(['--sync-max-age=1h', 'test-fault/grandchild-stays'], { base: waiting });
    const container = rawDocker().getContainer(await running.buildContainer());
    await running.said(/>>> Emerging \(1 of 1\)/);
    await expect.poll(() => commandsIn(container.id), { timeout: 300_000 }).toMatch(/^fault-grandchild /m);
    await typeIn(`docker exec ${container.id} touch /looked`);
    const outcome = await running.outcome;
    expect({ ...outcome }).toMatchObject({ status: 0 });
    await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(await commandsIn(container.id)).not.toMatch(/^fault-grandchild /m);
  });
});

describe('--keep-failed', () => {
  it('leaves a container that the printed commands start, enter and remove, and that no later build sweeps', async () => {
    const outcome = await run('--keep-failed', 'test-fault/compile-fails');
    expect(outcome.status).toBe(31);
    const commands = [...outcome.stderr.matchAll(/^ +(docker (?:start|exec|rm|volume rm) .*)$/gm)].map(
      ([, command]) => command ?? '',
    );
    expect(commands.map((command) => command.replace(/ -.*| gentoo-.*/, ''))).toEqual([
      'docker start',
      'docker exec',
      'docker rm',
      'docker volume rm',
    ]);
    const [startIt = '', enter = '', remove = '', removeVolume = ''] = commands;
    const name = startIt.replace('docker start ', '');
    const inspect = () => rawDocker().getContainer(name).inspect();
    expect((await inspect()).State.Running).toBe(false);

    await typeIn(startIt);
    const next = await run('test-fault/masked');
    expect(next.status).toBe(33);
    expect((await inspect()).State.Running).toBe(true);

    const left = 'ls /var/tmp/portage/test-fault/compile-fails-1/work';
    // `docker exec -t` needs a terminal.
    expect(await typeIn(`script --quiet --return --command '${enter}' /dev/null`, `${left}; exit\n`)).toContain(
      'wrong.c',
    );

    expect((await remainsOf(outcome.id, base)).containers).toEqual([`/${name}`]);
    await typeIn(remove);
    await typeIn(removeVolume);
    expect(await remainsOf(outcome.id, base)).toEqual(nothing);
  });
});
