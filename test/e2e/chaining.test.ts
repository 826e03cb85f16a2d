import { describe, expect } from 'vitest';
import { it } from '../support/builder.ts';
import { projectDirectory, readCommands, readTexts } from '../support/documents.ts';
import { uniqueName } from '../support/unique-name.ts';
import { runProgram } from '../support/run-program.ts';

/** Runs a line of the document unchanged. */
function runLine(line: string) {
  return runProgram('sh', ['-c', line], { cwd: projectDirectory });
}

describe('the commands in gentoo-base/README.md', () => {
  const [plain = '', withPackage = '', withoutHub = '', ...chain] = readCommands(
    'gentoo-base/README.md',
    '# gentoo-base',
    8,
  );

  it('build gentoo-base without Docker Hub', async () => {
    expect(await runLine(withoutHub)).toMatchObject({ status: 0 });
  });

  it('build gentoo-base with Docker Hub (with another stage and package here)', async ({ builder }) => {
    for (const line of [plain, withPackage]) {
      const image = uniqueName('document');
      builder.removeLater({ image });
      const here = line.replace('-t gentoo-base', `-t ${image} --build-arg STAGE=gentoo-ministage`);
      expect(await runLine(here.replace('app-editors/vim', 'app-misc/motto'))).toMatchObject({ status: 0 });
    }
  });

  it('chain a builder, gentoo-base and an image', async ({ builder }) => {
    const [build = '', borrow = '', commit = '', withoutTree = '', withOption = ''] = chain;
    // A user may have images and volumes of these names, so that the test does not remove them.
    const made = async () =>
      (await runLine("docker ps -aq --filter 'name=^/(gentoo-builder|greet)$'; docker images -q my-greet")).stdout;
    expect(await made(), 'containers gentoo-builder and greet, image my-greet').toBe('');
    builder.removeLater({ container: 'greet' });
    builder.removeLater({ container: 'gentoo-builder' });
    builder.removeLater({ image: 'my-greet' });

    const first = await runLine(build);
    expect(first.status, first.stderr).toBe(0);
    builder.removeLater({ image: first.stdout.trim() });
    const second = await runLine(borrow);
    expect(second.status, second.stderr).toBe(0);
    expect(second.stdout).toContain('>>> Completed (2 of 2) app-misc/greet-1.0::gentoo');
    const third = await runLine(commit);
    expect(third.status, third.stderr).toBe(0);
    expect(third.stdout).toMatch(/^sha256:[0-9a-f]{64}\n.+\n$/);

    // The next container takes the builder's binary package, and reaches its volumes through this chain as well.
    const reuse = borrow.replace('--name greet', '--rm').replace('app-misc/greet', 'app-misc/hello');
    expect((await runLine(reuse)).stdout).toContain('>>> Emerging binary (1 of 1) app-misc/hello');

    const [noRepository, noPackage] = readTexts('gentoo-base/README.md', '## Chaining');
    expect(await runLine(withoutTree)).toEqual({ status: 13, stdout: '', stderr: noRepository });
    expect(await runLine(withOption)).toEqual({ status: 2, stdout: '', stderr: noPackage });
  });
});
