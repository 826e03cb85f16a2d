import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gone } from '../support/builder.ts';
import { projectDirectory, readCommands } from '../support/documents.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { runProgram } from '../support/run-program.ts';
import { inContainer, siteYaml, ZentooSite } from '../support/zentoo-site.ts';

/** A package of many C files. Its Makefile compiles each file separately; its program prints the number of files. */
const files = 60;
const manyEbuild = `EAPI=8
DESCRIPTION="Many files"
HOMEPAGE="https://example.org/many"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_unpack() {
	local file line
	for file in {1..${files}}; do
		echo "int f\${file}(int a) {"
		for line in {1..30}; do echo "for (int i = 0; i < a; i++) a ^= (a + i * \${line}) / (i + \${file});"; done
		echo "return a; }"
	done | awk '/^int f/ { if (out) close(out); out = "f" ++n ".c" } { print > out }' || die
	echo 'int printf(const char *, ...); int main(void) { return printf("${files} files\\n") < 0; }' >f0.c || die
	printf 'many: $(patsubst %%.c,%%.o,$(wildcard f*.c))\\n\\t$(CC) $(LDFLAGS) -o $@ $^\\n' >Makefile || die
}
src_compile() { emake CC="\${CHOST}-gcc" CFLAGS="\${CFLAGS}"; }
src_install() { newbin many "\${PN}"; }
`;
const packages = ['many-one', 'many-two', 'many-three'];

interface Status {
  readonly name: string;
  readonly buildmaster: string;
  readonly state: string;
  readonly hasSameCompiler: boolean | null;
  readonly isCurrent: boolean;
  readonly compiler: string;
  readonly jobs: number;
}

/** Two workers and three packages. Each package is built once; the tests run in order. */
describe('zentoo distcc', () => {
  const site = new ZentooSite('distcc');
  const docker = rawDocker();
  const trees = { gentoo: uniqueName('distcc-gentoo'), many: uniqueName('distcc-many') };
  const network = `zentoo-${site.name}-distcc`;
  const distcc = async (...args: string[]): Promise<readonly Status[]> => {
    const { status, stdout, stderr } = await site.run(['distcc', ...args, '--json']);
    expect(status, stderr).toBe(0);
    return (JSON.parse(stdout) as { readonly workers: readonly Status[] }).workers;
  };
  const [upLine = '', statusLine = '', downLine = ''] = readCommands('docs/zentoo.md', '## distcc', 3);
  /** Runs a line of the document. Returns its output. */
  const runLine = async (line: string): Promise<string> => {
    const env = { ...process.env, ZENTOO_SITE: site.path };
    const { status, stdout, stderr } = await runProgram('sh', ['-c', line], { cwd: projectDirectory, env });
    expect(status, stderr).toBe(0);
    return stdout;
  };
  const build = (name: string) => site.build([`real-base-plain-${name}`]);
  const inWorker = async (name: string, script: string): Promise<string> => {
    const { status, stdout, stderr } = await runProgram('docker', ['exec', name, '/bin/sh', '-ec', script]);
    if (status !== 0) throw new Error(`${script}\nended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  };
  /** The engine's containers whose names begin like the names of the site's workers. */
  const workerNames = async () =>
    (await docker.listContainers({ all: true, filters: { name: [`zentoo-${site.name}-distcc`] } })).length;

  beforeAll(async () => {
    await inContainer(stage, 'emerge --sync -q', ['-v', `${trees.gentoo}:/var/db/repos/gentoo`]);
    const lines = packages.map(
      (name) => `mkdir -p app-misc/${name}; echo "$EBUILD" >app-misc/${name}/${name}-1.ebuild`,
    );
    const tree = [
      'cd /to && mkdir -p metadata profiles',
      'echo many >profiles/repo_name; echo app-misc >profiles/categories',
      'printf "masters = gentoo\\nthin-manifests = true\\nprofile-formats = portage-2\\n" >metadata/layout.conf',
      ...lines,
    ];
    await inContainer(stage, tree.join('\n'), ['-e', `EBUILD=${manyEbuild}`, '-v', `${trees.many}:/to`]);
    site.branch('portage', 'base', {
      'repos.conf/many.conf': '[many]\nlocation = /var/db/repos/many\nauto-sync = no\n',
    });
    site.write('site.yaml', siteYaml(site, trees, { cpus: { real: '-O2 -pipe -march=native' } }));
    site.write('config/tuples', packages.map((name) => `real-base-plain-${name}\n`).join(''));
    for (const name of packages) site.write(`config/sets/${name}`, `app-misc/${name}\n`);
  });
  afterAll(async () => {
    await site.run(['distcc', 'down']);
    await site[Symbol.asyncDispose]();
    for (const volume of Object.values(trees)) await gone(docker.getVolume(volume).remove());
  });

  it('up makes the missing buildmaster and starts workers that have its compiler', async () => {
    expect(await distcc('status')).toEqual([]);
    await runLine(upLine);
    expect(await runLine(statusLine)).toMatch(/^zentoo-/m);
    const workers = await distcc('status');
    const [first] = workers;
    expect(workers.map(({ name }) => name)).toEqual(
      [1, 2].map((n) => `${network}-${first?.buildmaster.slice(-8)}-${n}`),
    );
    for (const worker of workers)
      expect(worker).toMatchObject({ state: 'running', hasSameCompiler: true, isCurrent: true, jobs: 0 });
    expect(first?.compiler).toMatch(/gcc.* \d+\.\d+/);
    expect((await site.images()).map((name) => name.replace(/:.*/, ''))).toEqual(['buildmaster', 'distcc']);
  });

  it('up keeps workers that are up to date', async () => {
    const before = await Promise.all((await distcc('status')).map(({ name }) => docker.getContainer(name).inspect()));
    const after = await Promise.all(
      (await distcc('up', '--count=2', 'real-base-plain-many-one')).map(({ name }) =>
        docker.getContainer(name).inspect(),
      ),
    );
    expect(after.map(({ Id, State }) => [Id, State.StartedAt])).toEqual(
      before.map(({ Id, State }) => [Id, State.StartedAt]),
    );
  });

  it('a build compiles the files of a package on all workers, with real flags instead of native', async () => {
    const workers = await distcc('status');
    // A worker does not log the arguments of its compilers.
    for (const { name } of workers)
      await inWorker(
        name,
        `mkdir -p /opt/noted && touch /opt/noted/flags && chmod 666 /opt/noted/flags
        for compiler in $(cat /etc/zentoo-distcc-compilers); do
          printf '#!/bin/sh\\necho "$*" >>/opt/noted/flags\\nexec %s "$@"\\n' "$compiler" >"/opt/noted/\${compiler##*/}"
          chmod 755 "/opt/noted/\${compiler##*/}"
        done
        sed -i 's|.*/|/opt/noted/|' /etc/zentoo-distcc-compilers`,
      );
    const { status, stderr } = await build('many-one');
    expect(status, stderr).toBe(0);
    const jobs = (await distcc('status')).map((worker) => worker.jobs);
    for (const done of jobs) expect(done).toBeGreaterThan(files / 6);
    expect((jobs[0] ?? 0) + (jobs[1] ?? 0)).toBeLessThanOrEqual(files + 1);
    for (const { name, jobs: done } of await distcc('status')) {
      const log = await inWorker(name, 'cat /var/log/distccd.log');
      expect(log.match(/COMPILE_OK .* f\d+\.c$/gm)).toHaveLength(done);
      const flags = (await inWorker(name, 'cat /opt/noted/flags')).trim().split('\n');
      expect(flags).toHaveLength(done);
      for (const line of flags) expect(line).toMatch(/ -march=(?!native)[a-z0-9-]+ /);
    }
    expect(await inContainer(`zentoo/${site.name}/real-base-plain-many-one`, 'many-one')).toBe(`${files} files\n`);
    const recorded = await inContainer(
      `zentoo/${site.name}/real-base-plain-many-one`,
      'cat /var/db/pkg/app-misc/many-one-1/CFLAGS',
    );
    expect(recorded).toMatch(/^-O2 -pipe -march=(?!native)/);
  });

  it('replaces native by the flags that the compiler itself uses for it', async () => {
    const [image = ''] = (await site.images()).filter((name) => name.startsWith('buildmaster:'));
    const macros = (flags: string) => `gcc ${flags} -dM -E -x c /dev/null | sort`;
    const both = await inContainer(
      `zentoo/${site.name}/${image}`,
      `. /etc/portage/make.conf; echo "$CFLAGS" >&2
      diff <(${macros('-O2 -pipe -march=native')}) <(${macros('$CFLAGS')}) && echo same`,
    );
    expect(both).toBe('same\n');
  });

  it('no container outside the network of the workers can use them', async () => {
    const [worker] = await distcc('status');
    const { Internal, Options } = await docker.getNetwork(network).inspect();
    expect(Internal).toBe(true);
    expect(Options).toMatchObject({ 'com.docker.network.bridge.inhibit_ipv4': 'true' });
    const inspected = await docker.getContainer(worker?.name ?? '').inspect();
    expect(inspected.NetworkSettings.Ports).toEqual({});
    expect(inspected.HostConfig.PortBindings ?? {}).toEqual({});
    expect(inspected.Mounts).toEqual([]);
    expect(Object.keys(inspected.NetworkSettings.Networks)).toEqual([network]);
    const address = inspected.NetworkSettings.Networks[network]?.IPAddress ?? '';
    const image = (await site.images()).find((name) => name.startsWith('distcc:')) ?? '';
    // A connection alone proves nothing, because a gateway may answer for every address: the test compiles a file.
    const attempt = (seconds: number, options: readonly string[] = []) =>
      inContainer(
        `zentoo/${site.name}/${image}`,
        `cd /tmp && echo 'int bystander;' >bystander.c
        DISTCC_FALLBACK=0 DISTCC_HOSTS=${address} timeout ${seconds} distcc gcc -c bystander.c 2>/dev/null && echo compiled || echo refused`,
        options,
      );
    expect(await attempt(10)).toBe('refused\n');
    expect(await inWorker(worker?.name ?? '', 'cat /var/log/distccd.log')).not.toContain('bystander');
    // The same file is compiled for a container in the network.
    expect(await attempt(300, ['--network', network])).toBe('compiled\n');
    // The server logs a compilation after it has sent the result.
    await inWorker(worker?.name ?? '', 'until grep bystander /var/log/distccd.log; do sleep 0.1; done');
  });

  it('a build continues if a worker dies while it compiles a file', async () => {
    const [first, second] = await distcc('status');
    if (first === undefined || second === undefined) throw new Error('there are no two workers');
    // The compiler compiles one file, and hangs at the next. When the server has logged the one, the test kills it.
    await inWorker(
      first.name,
      `cd /opt/noted && chmod 777 . && touch begun && chmod 666 begun
      cat >hang <<'END'
#!/bin/sh
until [ "$(grep -c ' COMPILE_OK ' /var/log/distccd.log)" -gt ${first.jobs} ]; do sleep 0.1; done
echo >>/opt/noted/begun
exec sleep 600
END
      chmod 755 hang
      sed -i 's:^exec:mkdir /opt/noted/one 2>/dev/null || exec /opt/noted/hang\\n&:' *-gcc`,
    );
    const follower = spawn('docker', ['exec', first.name, 'tail', '-n', '+1', '-F', '/opt/noted/begun']);
    const ended = once(follower, 'close');
    const killed = once(follower.stdout, 'data').then(() =>
      docker.getContainer(first.name).kill({ signal: 'SIGKILL' }),
    );
    const { status, stderr } = await build('many-two');
    follower.kill();
    await Promise.all([ended, killed]);
    expect(status, stderr).toBe(0);
    const after = await distcc('status');
    expect(after[0]).toMatchObject({ name: first.name, state: 'exited', hasSameCompiler: null, jobs: first.jobs + 1 });
    expect(after[1]?.jobs).toBeGreaterThan(second.jobs + files / 6);
    expect(await inContainer(`zentoo/${site.name}/real-base-plain-many-two`, 'many-two')).toBe(`${files} files\n`);
  });

  it('warns of a worker with another compiler, and does not use it', async () => {
    const [first, second] = await distcc('up', '--count', '2');
    expect(first).toMatchObject({ state: 'running', jobs: 0 });
    const broken = second?.name ?? '';
    await inWorker(broken, 'printf x >>"$(gcc -print-prog-name=cc1)"');
    expect((await distcc('status')).map(({ hasSameCompiler }) => hasSameCompiler)).toEqual([true, false]);
    const { status, stderr } = await build('many-three');
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`the distcc worker ${broken} is not used: its compiler (`);
    const after = await distcc('status');
    expect(after[0]?.jobs).toBeGreaterThan(files / 6);
    expect(after[1]?.jobs).toBe(second?.jobs);
  });

  it('down removes all objects of the workers, and nothing else', async () => {
    const kept = await site.images();
    expect(await workerNames()).toBe(2);
    expect((await runLine(downLine)).split('\n').filter((line) => line !== '')).toHaveLength(4);
    expect(await workerNames()).toBe(0);
    expect(await site.images()).toEqual(kept.filter((name) => !name.startsWith('distcc:')));
    await expect(docker.getNetwork(network).inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(await distcc('status')).toEqual([]);
    expect((await site.run(['distcc', 'down'])).stdout).toBe(`the site ${site.name} has no distcc workers\n`);
  });
});
