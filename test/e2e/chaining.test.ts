import { describe, expect } from 'vitest';
import { it } from '../support/builder.ts';
import { projectDirectory, readmeCommands, readmeTexts } from '../support/readme.ts';
import { uniqueName } from '../support/real-engine.ts';
import { runProgram } from '../support/run-program.ts';

/** Runs a line of README's as it stands. */
function runLine(line: string) {
  return runProgram('sh', ['-c', line], { cwd: projectDirectory });
}

describe('the commands that README prints', () => {
  it('for gentoo-base without Docker Hub', async () => {
    const commands = readmeCommands('## gentoo-base').filter((line) => line.includes('STAGE='));
    expect(commands).toHaveLength(1);
    expect(await runLine(commands[0] ?? '')).toMatchObject({ status: 0 });
  });

  it('for gentoo-base with Docker Hub, but for the stage and the package', async ({ builder }) => {
    const commands = readmeCommands('## gentoo-base').filter((line) => /^docker build(?!.*STAGE=)/.test(line));
    expect(commands).toHaveLength(2);
    for (const line of commands) {
      const image = uniqueName('readme');
      builder.removeLater({ image });
      const here = line.replace('-t gentoo-base', `-t ${image} --build-arg STAGE=gentoo-ministage`);
      expect(await runLine(here.replace('app-editors/vim', 'app-misc/motto'))).toMatchObject({ status: 0 });
    }
  });

  it('for chaining', async ({ builder }) => {
    const [build = '', borrow = '', commit = '', withoutTree = '', withOption = '', ...others] =
      readmeCommands('### Chaining');
    expect(others).toEqual([]);
    // README's names are anybody's: what somebody made by them is not removed.
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

    // The next one finds what the builder compiled, and reaches its volumes through this chain as well.
    const reuse = borrow.replace('--name greet', '--rm').replace('app-misc/greet', 'app-misc/hello');
    expect((await runLine(reuse)).stdout).toContain('>>> Emerging binary (1 of 1) app-misc/hello');

    const [noRepository, noPackage] = readmeTexts('### Chaining');
    expect(await runLine(withoutTree)).toEqual({ status: 13, stdout: '', stderr: noRepository });
    expect(await runLine(withOption)).toEqual({ status: 2, stdout: '', stderr: noPackage });
  });
});
