import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import { runEmerge } from '../../../src/emerge/run-emerge.ts';
import { Failure, failuresOf } from '../../../src/failure.ts';
import type { Job } from '../../../src/job/job.ts';
import type { Remedy } from '../../../src/portage/explain/remedy.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { readTranscript } from '../portage/transcript.ts';
import { BuildWorld, interruption } from '../builder/build-world.ts';
import { hang } from '../job/fake-jobs.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const job: Job = {
  ...{ name: 'emerge', step: 'emerge', command: ['emerge', '@tools'], environment: {} },
  ...{ watch: false, silenceTimeout: undefined },
};
const packageLog = '/var/tmp/portage/app-misc/b-2/temp/build.log';
const failed = [
  '>>> Emerging (1 of 2) app-misc/a-1::gentoo',
  '>>> Completed (1 of 2) app-misc/a-1::gentoo',
  '>>> Emerging (2 of 2) app-misc/b-2::gentoo',
  '>>> Failed to emerge app-misc/b-2, Log file:',
  `>>>  '${packageLog}'`,
];

/** Runs an emerge that prints lines and ends with a status; resolves to its result or its error. */
async function emerge(
  world: BuildWorld,
  lines: readonly string[],
  status = 0,
  { kills = false, ...handlers }: Partial<Parameters<typeof runEmerge>[2]> & { readonly kills?: boolean } = {},
): Promise<unknown> {
  world.portage.emerge = ({ print, killForMemory }) => {
    if (kills) killForMemory();
    print(lines.map((line) => `${line}\n`).join(''));
    return status;
  };
  const session: ContainerSession = await world.session();
  const describeKind = ({ kind }: Remedy) => `do ${kind}`;
  return passTime(runEmerge(session, job, { describe: describeKind, ...handlers }).catch((error: unknown) => error));
}

describe('an emerge', () => {
  it('reports its lines and its packages, but not the status that it repeats', async () => {
    using world = new BuildWorld();
    const lines = [
      '>>> Jobs: 0 of 3 complete, 1 running               Load avg: 1.0, 1.0, 1.0',
      '>>> Emerging (1 of 3) app-misc/a-1::gentoo',
      '>>> Fetching (2 of 3) app-misc/b-2::gentoo',
      '>>> Emerging binary (3 of 3) app-misc/c-3::gentoo',
      '>>> Installing (1 of 3) app-misc/a-1::gentoo',
      '>>> Completed (1 of 3) app-misc/a-1::gentoo',
      '>>> Failed to emerge app-misc/b-2, Log file:',
    ];
    const compiled: string[] = [];
    expect(await emerge(world, lines, 0, { onCompile: (cpv) => compiled.push(cpv) })).toMatchObject({ exitStatus: 0 });
    expect(world.events.flatMap((event) => (event.type === 'line' ? event.text : []))).toEqual(lines.slice(1));
    expect(world.events.filter(({ type }) => type === 'package')).toEqual([
      { type: 'package', action: 'emerging', cpv: 'app-misc/a-1', index: 1, total: 3 },
      { type: 'package', action: 'emerging', cpv: 'app-misc/c-3', index: 3, total: 3, binary: true },
      { type: 'package', action: 'completed', cpv: 'app-misc/a-1', index: 1, total: 3 },
    ]);
    expect(compiled).toEqual(['app-misc/a-1']);
  });

  it('that fails shows the last 200 lines of the log of the package that failed', async () => {
    using world = new BuildWorld();
    world.portage.logs.set(packageLog, 'cc: error\n\n * ERROR: app-misc/b-2::gentoo failed (compile phase):\n');
    expect(await emerge(world, failed, 1)).toMatchObject({
      code: 'build-failed',
      message: expect.stringMatching(/^failed to emerge app-misc\/b-2: the compile phase failed/) as string,
      logTail: ['cc: error', ' * ERROR: app-misc/b-2::gentoo failed (compile phase):'],
    });
    expect(world.portage.request('tail').command).toEqual(['tail', '-c', '262144', '--', packageLog]);
  });

  it('case 3.7: that fails with lines of 200,000 characters is explained in linear time', async () => {
    using world = new BuildWorld();
    const long = 200_000;
    const words = ['x', ':::', 'x/', '"a ', ' * ERROR: x:::', '(masked by: ', 'There is NOT at least ', '- a/b (', '%'];
    const lines = words.map((word) => word.repeat(long / word.length));
    const log = [
      ...lines,
      ...lines.map((line) => ` * ERROR: ${line}`),
      ' * ERROR: app-misc/b-2::x failed (compile phase):',
    ];
    world.portage.logs.set(packageLog, `${log.join('\n')}\n *   ${'m'.repeat(long)}\n`);
    expect(await emerge(world, [...failed, ...log], 1)).toMatchObject({
      message: expect.stringMatching(/^failed to emerge app-misc\/b-2: the compile phase failed: m{1000}/) as string,
    });
  });

  it('case 5.5: that fails is not taken for the failure of another package that its log names', async () => {
    using world = new BuildWorld();
    const log = ['>>> Failed to emerge x/y-1, Log file:', ' * ERROR: app-misc/b-2::x failed (test phase):', ' *   no'];
    world.portage.logs.set(packageLog, `${log.join('\n')}\n`);
    expect(await emerge(world, failed, 1)).toMatchObject({
      message: 'failed to emerge app-misc/b-2: the test phase failed: no',
      logTail: log,
    });
  });

  it("that fails shows emerge's own lines if the log of the package is gone", async () => {
    using world = new BuildWorld();
    expect(await emerge(world, failed, 1)).toMatchObject({ code: 'build-failed', logTail: failed });
  });

  it('that fails without a package shows the lines that matter, and the remedy in the words of the caller', async () => {
    using world = new BuildWorld();
    const lines = ['Calculating dependencies ... done!', 'emerge: there are no ebuilds to satisfy "app-misc/x".'];
    expect(await emerge(world, lines, 1)).toMatchObject({
      code: 'package-unknown',
      hint: expect.stringMatching(/^do check-name\nthe whole log: docker run /) as string,
      logTail: lines.slice(1),
    });
    expect(world.portage.names).not.toContain('tail');
  });

  it('case 5.5: of which two packages fail tells both, each with its own log and cause', async () => {
    using world = new BuildWorld();
    const log = (name: string) => `/var/tmp/portage/cat/${name}-1/temp/build.log`;
    world.portage.logs.set(log('f1'), 'one\n * ERROR: cat/f1-1::told failed (compile phase):\n *   one failed\n');
    world.portage.logs.set(log('f2'), 'g++: fatal error: Killed signal terminated program cc1plus\n');
    const { lines } = readTranscript('two-fail-jobs');
    expect(failuresOf(await emerge(world, lines, 1, { kills: true }))).toMatchObject([
      {
        message: 'failed to emerge cat/f1-1: the compile phase failed: one failed',
        logTail: expect.arrayContaining(['one']) as string[],
      },
      {
        code: 'out-of-memory',
        message: 'failed to emerge cat/f2-1: cc1plus was killed: out of memory',
        logTail: ['g++: fatal error: Killed signal terminated program cc1plus'],
      },
    ]);
  });

  it('case 5.5: tells the packages that --keep-going left out, and failures that only the summary names', async () => {
    using world = new BuildWorld();
    const { lines } = readTranscript('keep-going-drops');
    const from = lines.indexOf(' * Messages for package cat/f3-1:');
    for (const output of [lines, lines.slice(from)])
      expect(failuresOf(await emerge(world, output, 1)).map(({ message }) => message)).toEqual([
        expect.stringMatching(/^failed to emerge cat\/f1-1: /),
        expect.stringMatching(/^failed to emerge cat\/f2-1: the compile phase failed: two failed/),
        'failed to emerge cat/f3-1: emerge left it out, because it requires cat/f1',
      ]);
  });

  it('case 5.5: tells a package that --keep-going left out as the one failure if there is no other', async () => {
    using world = new BuildWorld();
    const line = ' * emerge --keep-going: cat/f3-1 dropped because it requires cat/f1';
    const error = await emerge(world, [line], 1);
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({
      code: 'build-failed',
      message: 'failed to emerge cat/f3-1: emerge left it out, because it requires cat/f1',
    });
  });

  it('case 3.2: that finds a disk full measures which one', async () => {
    using world = new BuildWorld();
    world.portage.space = '7 4096 900 1000 0 0 /var/tmp/portage\n8 4096 0 16 5 9 /var/log/portage\n';
    expect(await emerge(world, ['OSError: [Errno 28] No space left on device'], 143)).toMatchObject({
      code: 'disk-full',
      message: 'failed to emerge: no space left on device at /var/log/portage',
    });
  });

  it('case 3.2: that fails in a test which speaks of a full disk measures the disk', async () => {
    using world = new BuildWorld();
    const log = 'OSError: [Errno 28] No space left on device\n * ERROR: app-misc/b-2::gentoo failed (test phase):\n';
    world.portage.logs.set(packageLog, log);
    world.portage.space = '8 4096 0 1000 5 9 /var/log/portage\n';
    expect(await emerge(world, failed, 1)).toMatchObject({
      code: 'disk-full',
      message: 'failed to emerge app-misc/b-2: no space left on device at /var/log/portage',
    });
    world.portage.space = '8 4096 900 1000 5 9 /var/log/portage\n';
    expect(await emerge(world, failed, 1)).toMatchObject({ code: 'build-failed' });
  });

  it('in which the kernel killed no process is not explained by a lack of memory', async () => {
    using world = new BuildWorld();
    const log =
      'g++: fatal error: Killed signal terminated program cc1plus\n * ERROR: app-misc/b-2::x failed (compile phase):\n';
    world.portage.logs.set(packageLog, log);
    expect(await emerge(world, failed, 1)).toMatchObject({
      code: 'build-failed',
      message: 'failed to emerge app-misc/b-2: the compile phase failed; perhaps cc1plus had too little memory',
    });
    using other = new BuildWorld();
    other.portage.logs.set(packageLog, log);
    expect(await emerge(other, failed, 1, { kills: true })).toMatchObject({ code: 'out-of-memory' });
  });

  it('that nothing explains shows its last lines and the command that shows the log', async () => {
    using world = new BuildWorld();
    expect(await emerge(world, ['what?'], 3)).toMatchObject({
      code: 'emerge-failed',
      hint: expect.stringMatching(/^the whole log: docker run /) as string,
      logTail: ['what?'],
    });
  });
});

describe('an emerge that is ended from outside', () => {
  it('names the packages that were being built, and only those', async () => {
    using world = new BuildWorld();
    world.portage.emerge = (running) => {
      const begun = ['1 of 3) app-misc/a-1', '2 of 3) app-misc/b-2', '3 of 3) app-misc/c-3'];
      for (const each of begun) running.print(`>>> Emerging (${each}::gentoo\n`);
      running.print('>>> Completed (1 of 3) app-misc/a-1::gentoo\n');
      return hang(running);
    };
    const session = await world.session();
    setTimeout(() => world.aborter.abort(new Failure('timed-out', 'failed to build: too long')), 1000);
    await expect(passTime(runEmerge(session, job, { describe: () => '' }))).rejects.toMatchObject({
      code: 'timed-out',
      message: 'failed to build: too long, while app-misc/b-2, app-misc/c-3 was being built',
    });
  });

  it('by a signal fails with nothing but the signal', async () => {
    using world = new BuildWorld();
    world.portage.emerge = hang;
    const session = await world.session();
    setTimeout(() => world.aborter.abort(interruption), 1000);
    await expect(passTime(runEmerge(session, job, { describe: () => '' }))).rejects.toBe(interruption);
  });
});
