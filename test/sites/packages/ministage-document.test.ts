import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findBases } from '../../../setup/images/base-images.js';
import { findEngine } from '../../../setup/engine/engine.js';
import { ministageBuildArguments } from '../../../setup/images/images.js';
import { gone } from '../../support/builder.ts';
import { projectDirectory, readCommands } from '../../support/documents.ts';
import { rawDocker, stage } from '../../support/real-engine/real-engine.ts';
import { runProgram } from '../../support/run-program.ts';
import { uniqueName } from '../../support/unique-name.ts';

const [build = '', use = ''] = readCommands('ministage/README.md', '# ministage', 10);
const musl = readCommands('ministage/README.md', '### For musl', 7);
const [manifests = ''] = readCommands('ministage/README.md', '## Add an ebuild', 1);

/** Runs a line of the document in a directory that looks like the project's. Returns its output. */
async function runLine(line: string, cwd = projectDirectory): Promise<string> {
  const { status, stdout, stderr } = await runProgram('sh', ['-c', line], { cwd });
  expect(status, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe('the commands in ministage/README.md', () => {
  it('build the stage (from the Debian image of this machine)', async () => {
    const args = Object.entries(await ministageBuildArguments(findBases(await findEngine())));
    const here = args.map(([key, value]) => `--build-arg ${key}=${value}`).join(' ');
    const image = uniqueName('document');
    onTestFinished(() => gone(rawDocker().getImage(image).remove({ force: true })));
    await runLine(
      build
        .replace('-t gentoo-ministage', `-t ${image}`)
        .replace('--build-arg DEBIAN_IMAGE=debian:bookworm-slim', here),
    );
    expect(await runLine(`docker run --rm ${image} emerge --version`)).toMatch(/^Portage 3\.0\.83 /);
  });

  it('compile real software in the stage', async () => {
    expect(await runLine(use)).toMatch(/^tree v2/m);
  });

  it('make a root for musl, whose program runs', async () => {
    const { status, stdout, stderr } = await runProgram('docker', ['run', '--rm', stage, 'sh', '-ec', musl.join('\n')]);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^greetings from libgreeting 2\.0\n/im);
  });

  it('write the Manifests that the repository has', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'gentoo-builder-test-'));
    onTestFinished(() => rmSync(copy, { recursive: true }));
    cpSync(join(projectDirectory, 'ministage'), join(copy, 'ministage'), { recursive: true });
    const paths = globSync('ministage/repository/*/*/Manifest', { cwd: copy });
    expect(paths).not.toEqual([]);
    for (const path of paths) rmSync(join(copy, path));
    await runLine(manifests, copy);
    for (const path of paths)
      expect(readFileSync(join(copy, path), 'utf8'), path).toBe(readFileSync(join(projectDirectory, path), 'utf8'));
  });
});
