import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planPackages } from '../../src/plan/plan-packages.ts';
import type { PackageArgument } from '../../src/portage/atom.ts';
import { elogDirectory, parseElogFile } from '../../src/portage/output/elog.ts';
import { elogEnvironment } from '../../src/portage/elog-settings.ts';
import { pretendCommand } from '../../src/portage/pretend-command.ts';
import { parsePretendOutput } from '../../src/portage/output/pretend-output.ts';
import { stage } from '../support/real-engine/real-engine.ts';

const talker = `EAPI=8
DESCRIPTION="Has something to say"
HOMEPAGE="https://example.org/talker"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="+colour fast"

src_install() {
	elog "of the install phase"
	einfo "not for the log"
}

pkg_postinst() {
	ewarn "of the postinst phase"
	ewarn "over two lines"
}
`;

/** Parses the output of the real Portage. The tests run in order in one container, with an ebuild repository of their own. */
describe('real Portage', () => {
  let container: StartedTestContainer;

  const run = async (script: string) => {
    const { output, exitCode } = await container.exec(['sh', '-euc', script]);
    return { output, exitCode };
  };
  const ask = async (options: readonly string[], ...packages: string[]) => {
    const command = pretendCommand({ packages: packages as PackageArgument[], options });
    const { output, exitCode } = await container.exec([...command]);
    return { exitCode, output, pretended: parsePretendOutput(output.split('\n')) };
  };

  beforeAll(async () => {
    container = await new GenericContainer(stage).withCommand(['sleep', 'infinity']).start();
    const directory = '/var/db/repos/lab/test-lab/talker';
    await container.copyContentToContainer([
      { content: talker, target: `${directory}/talker-1.0.ebuild` },
      { content: 'lab\n', target: '/var/db/repos/lab/profiles/repo_name' },
      { content: 'test-lab\n', target: '/var/db/repos/lab/profiles/categories' },
      { content: 'masters = gentoo\nthin-manifests = true\n', target: '/var/db/repos/lab/metadata/layout.conf' },
      {
        content: '[lab]\nlocation = /var/db/repos/lab\nauto-sync = no\n',
        target: '/etc/portage/repos.conf/lab.conf',
      },
    ]);
    expect(await run('emerge --sync -q')).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => container.stop({ timeout: 0, remove: true, removeVolumes: true }));

  it('writes the messages of a package to a file that the reader of elog understands', async () => {
    const settings = Object.entries(elogEnvironment).map(([name, value]) => `${name}='${value}'`);
    const log = '/var/log/test-portage';
    // zentoo replaces the base's elog settings, and does not read its classes.
    await run(`printf 'PORTAGE_ELOG_CLASSES="info qa"\\nPORTAGE_ELOG_SYSTEM="echo"\\n' >>/etc/portage/make.conf`);
    const merged = await run(
      `PORTAGE_LOGDIR=${log} ${settings.join(' ')} FEATURES=buildpkg emerge --quiet=y --oneshot test-lab/talker`,
    );
    expect(merged).toMatchObject({ exitCode: 0 });
    const files = (await run(`ls ${log}/${elogDirectory}`)).output.trim().split('\n');
    expect(files).toHaveLength(1);
    const path = `${log}/${elogDirectory}/${files[0]}`;
    expect(parseElogFile(path, (await run(`cat ${path}`)).output)).toEqual({
      cpv: 'test-lab/talker-1.0',
      time: expect.any(Date) as Date,
      messages: [
        { level: 'log', phase: 'install', lines: ['of the install phase'] },
        { level: 'warn', phase: 'postinst', lines: ['of the postinst phase', 'over two lines'] },
      ],
    });
  });

  it('prints a plan, every line of which the parser understands', async () => {
    const { exitCode, output, pretended } = await ask([], 'test-lab/talker', 'app-misc/greet', '@system');
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    expect(pretended.messages).toEqual([]);
    const plan = planPackages(pretended, { stored: ['test-lab/talker-1.0'], installed: [] });
    expect(plan.map(({ action, cpv }) => `${action} ${cpv}`).toSorted()).toEqual([
      'compile app-misc/greet-1.0',
      'compile dev-libs/greeting-2.0',
      'compile sys-apps/stage-info-1.0',
      'compile sys-apps/yesno-1.0',
      'reuse test-lab/talker-1.0',
    ]);
  });

  it('names the binary package that does not fit, even if the branch sets options of its own', async () => {
    await run(`echo 'test-lab/talker fast -colour' >/etc/portage/package.use`);
    await run(`echo 'EMERGE_DEFAULT_OPTS="--quiet --columns --autounmask-write --ask"' >>/etc/portage/make.conf`);
    const { exitCode, output, pretended } = await ask(['--update', '--newuse'], 'test-lab/talker');
    expect({ exitCode, output }).toMatchObject({ exitCode: 0, output: expect.stringContaining('Total: ') as string });
    expect(pretended.messages).toEqual([]);
    const plan = planPackages(pretended, { stored: undefined, installed: [] });
    expect(plan, output).toMatchObject([
      {
        action: 'compile',
        cpv: 'test-lab/talker-1.0',
        use: '+fast -colour',
        why: 'USE +fast -colour differs from the package of the stage; USE -colour +fast differs from the binary package in the store',
      },
    ]);
  });

  it('proposes changes to the configuration, and writes none', async () => {
    await run(
      `echo 'app-misc/greet loud' >/etc/portage/package.use; echo 'dev-libs/greeting' >/etc/portage/package.mask`,
    );
    const before = (await run('cd /etc/portage; find . -type f -exec sha256sum {} + | sort')).output;
    const { exitCode, pretended } = await ask([], 'app-misc/greet');
    expect(exitCode).toBe(1);
    expect(pretended.suggestions.map(({ file, line }) => `${file}: ${line}`)).toEqual([
      'package.unmask: =dev-libs/greeting-2.0',
      'package.use: >=dev-libs/greeting-2.0 shout',
    ]);
    expect((await run('cd /etc/portage; find . -type f -exec sha256sum {} + | sort')).output).toBe(before);
  });
});
