import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test.each([
  ['setup/bench.js', '--help', /^usage: npm run bench -- .*--only/],
  ['setup/bench.js', '-h', /^usage: npm run bench -- /],
  ['test/engines/run.js', '--help', /^usage: npm run test:engines -- .*\n.*docker-bookworm, /],
  ['test/engines/run.js', '-h', /^usage: npm run test:engines -- /],
])('%s %s prints its usage and prepares nothing', async (program, option, usage) => {
  // An engine or a program that set-up needs would be missed.
  const env = { HOME: '/nonexistent', PATH: '/nonexistent', DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
  const { stdout, stderr } = await run(process.execPath, [program, option], { env });
  expect(stdout).toMatch(usage);
  expect(stderr).toBe('');
});
