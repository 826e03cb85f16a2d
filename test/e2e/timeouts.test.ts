import { performance } from 'node:perf_hooks';
import { describe, expect } from 'vitest';
import { faultsStage, it, remainsOf, type Builder } from '../support/builder.ts';

const nothing = { volumes: [], containers: [], images: [] };
const logCommand = /the whole log: docker run --rm \S+ cat -v \S+ \S+ \/log\/\S+\/test-fault:hangs-1:\S+\.log$/m;

/** Runs a builder to its end; with the seconds that it took, and those since its package was being built. */
async function time(builder: Builder, base: string, args: readonly string[]) {
  const start = performance.now();
  const running = builder.start(args, { base });
  await running.said(/>>> Emerging \(1 of 1\)/);
  const emerging = performance.now();
  const outcome = await running.outcome;
  const end = performance.now();
  const seconds = { total: (end - start) / 1000, emerging: (end - emerging) / 1000 };
  return { ...outcome, seconds, remains: await remainsOf(outcome.id, base) };
}

// What is waited for here are limits, which need no processor.
describe.concurrent('a package that hangs', () => {
  it('is ended with its whole process tree by --timeout, and is named with its last lines', async ({ builder }) => {
    const base = await builder.makeImage(faultsStage);
    const { status, stdout, stderr, seconds, remains } = await time(builder, base, [
      '--timeout=30s',
      'test-fault/hangs',
    ]);
    expect({ status, stdout, remains, stderr }).toMatchObject({ status: 35, stdout: '', remains: nothing });
    expect(stderr).toContain(
      'gentoo-builder: failed to build: it took longer than --timeout, 30 s, while test-fault/hangs-1 was being built',
    );
    expect(stderr).toContain('hint: raise --timeout');
    expect(stderr).toMatch(/^waiting for what does not come$/m);
    expect(stderr).toMatch(logCommand);
    expect(seconds.total).toBeLessThan(30 + 10);
  });

  it('is ended with its whole process tree by --silence-timeout, within seconds', async ({ builder }) => {
    const base = await builder.makeImage(faultsStage);
    const args = ['--silence-timeout=10s', '--json', 'test-fault/hangs'];
    const { status, stdout, stderr, seconds, remains } = await time(builder, base, args);
    expect({ status, remains, stderr }).toMatchObject({ status: 35, remains: nothing });
    const message =
      'failed to emerge: nothing was written to any log for 10 s, while test-fault/hangs-1 was being built';
    const hint = expect.stringMatching(/^raise --silence-timeout, or [^]*\nthe whole log: docker run /) as string;
    expect(JSON.parse(stdout)).toEqual({ failures: [{ code: 'timed-out', exitStatus: 35, message, hint }] });
    expect(stderr).toMatch(/^waiting for what does not come$/m);
    expect(stderr).toMatch(logCommand);
    expect(seconds.emerging).toBeLessThan(10 + 20);
  });

  it('is not taken for one that says nothing for long while its build log grows', async ({ builder }) => {
    const talks = 'pre_src_compile() { for i in $(seq 20); do echo still at it; sleep 1; done; }';
    const base = await builder.makeImage(faultsStage, `RUN echo '${talks}' >/etc/portage/bashrc`);
    const { status, stderr, seconds } = await time(builder, base, ['--silence-timeout=10s', 'app-misc/motto']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).not.toContain('still at it');
    expect(seconds.emerging).toBeGreaterThan(20);
  });
});
