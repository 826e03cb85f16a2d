import { describe, expect } from 'vitest';
import { faultsStage, it, remainsOf, type Builder } from '../support/builder.ts';

const nothing = { volumes: [], containers: [], images: [] };
const logCommand = /the whole log: docker run --rm \S+ cat -v \S+ \S+ -v \/log\/\S+\/test-fault:hangs-1:\S+\.log$/m;

/** Far longer than the steps before the package take, on a slow machine, too. */
const timeout = '--timeout=120s';
/** Far longer than emerge is silent by itself, on a slow machine, too. */
const silenceTimeout = '--silence-timeout=30s';

/** Runs a builder to its end, and lists the objects that it left. The package itself would hang for ever. */
async function run(builder: Builder, base: string, args: readonly string[]) {
  const outcome = await builder.run(args, { base });
  return { ...outcome, remains: await remainsOf(outcome.id, base) };
}

// Concurrent, because the tests wait for time limits and need no processor.
describe.concurrent('a package that hangs', () => {
  it('is ended with its whole process tree by --timeout, and is named with its last lines', async ({ builder }) => {
    const base = await builder.makeImage(faultsStage);
    const { status, stdout, stderr, remains } = await run(builder, base, [timeout, 'test-fault/hangs']);
    expect({ status, stdout, remains, stderr }).toMatchObject({ status: 35, stdout: '', remains: nothing });
    expect(stderr).toContain(
      'gentoo-builder: failed to build: it took longer than --timeout, 120 s, while test-fault/hangs-1 was being built',
    );
    expect(stderr).toContain('hint: raise --timeout');
    expect(stderr).toMatch(/^waiting for what does not come$/m);
    expect(stderr).toMatch(logCommand);
  });

  it('is ended with its whole process tree by --silence-timeout', async ({ builder }) => {
    const base = await builder.makeImage(faultsStage);
    const args = [silenceTimeout, '--json', 'test-fault/hangs'];
    const { status, stdout, stderr, remains } = await run(builder, base, args);
    expect({ status, remains, stderr }).toMatchObject({ status: 35, remains: nothing });
    const message =
      'failed to emerge: nothing was written to any log for 30 s, while test-fault/hangs-1 was being built';
    const hint = expect.stringMatching(/^raise --silence-timeout, or [^]*\nthe whole log: docker run /) as string;
    expect(JSON.parse(stdout)).toEqual({ failures: [{ code: 'timed-out', exitStatus: 35, message, hint }] });
    expect(stderr).toMatch(/^waiting for what does not come$/m);
    expect(stderr).toMatch(logCommand);
  });

  it('is not ended by --silence-timeout while its build log grows', async ({ builder }) => {
    const talks = 'pre_src_compile() { for i in $(seq 45); do echo still at it; sleep 1; done; }';
    const base = await builder.makeImage(faultsStage, `RUN echo '${talks}' >/etc/portage/bashrc`);
    const { status, stderr } = await run(builder, base, [silenceTimeout, 'app-misc/motto']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).not.toContain('still at it');
  });
});
