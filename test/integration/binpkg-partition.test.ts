import { join } from 'node:path';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePartition, partitionCommand, type PartitionKey } from '../../src/store/partition.ts';
import { stage } from '../support/real-engine/real-engine.ts';

const program = join(import.meta.dirname, '../../gentoo-base/binpkg-partition');
const profiles = '/var/db/repos/gentoo/profiles';

/** Each test undoes its change of the configuration, so that all tests start with the configuration of the stage. */
describe('the partition of the store', () => {
  let container: StartedTestContainer;

  const sh = async (script: string) => {
    const { output, exitCode } = await container.exec(['bash', '-ec', script]);
    expect(exitCode, output).toBe(0);
    return output.trim();
  };
  /** Asks for the partition as the builder does, after a change of the configuration. */
  const partitionAfter = async (change: string, key?: PartitionKey) => {
    const undo = `rm -rf /etc/portage ${profiles} && mv /tmp/etc /etc/portage && mv /tmp/profiles ${profiles}`;
    const script = `cp -a /etc/portage /tmp/etc; cp -a ${profiles} /tmp/profiles; trap '${undo}' EXIT; ${change}; "$@"`;
    const command = ['bash', '-ec', script, 'bash', ...partitionCommand(key)];
    const { stdout, stderr, exitCode } = await container.exec(command);
    return parsePartition(stdout) ?? `${exitCode}: ${stderr.trim()}`;
  };
  const append = (text: string, file = '/etc/portage/make.conf') =>
    `mkdir -p "$(dirname ${file})" && printf '%s\\n' '${text}' >>${file}`;
  const digestOf = (partition: string) => partition.slice(-12);
  let usual = '';

  beforeAll(async () => {
    container = await new GenericContainer(stage)
      .withCommand(['sleep', 'infinity'])
      .withCopyFilesToContainer([{ source: program, target: '/usr/lib/gentoo-base/binpkg-partition', mode: 0o755 }])
      .start();
    await sh('emerge --sync -q');
    usual = await partitionAfter('true');
  });
  afterAll(() => container.stop({ timeout: 0, remove: true, removeVolumes: true }));

  it('has the names of CHOST, CPU and profile, and is the same for gentoo-base', async () => {
    expect(usual).toMatch(/^x86_64-pc-linux-gnu\/generic\/default-linux-amd64-ministage-v2-[0-9a-f]{12}$/);
    expect(await sh('/usr/lib/gentoo-base/binpkg-partition')).toBe(usual);
  });

  it.each([
    ['other white space', append('CFLAGS=" -O2\t -pipe "')],
    ['comments', `${append('# nothing', '/etc/portage/env/x')}; ${append('# nothing', '/etc/portage/package.env')}`],
    ['USE, which Portage compares', append('USE="-ssl"')],
    ['what make is told', append('MAKEFLAGS="-j2"; MAKEOPTS="-j9"; BINPKG_COMPRESS_FLAGS="-1"')],
    ['a profile by its absolute name', `ln -sfn ${profiles}/default/linux/amd64/ministage /etc/portage/make.profile`],
  ])('is the same with %s', async (_name, change) => {
    expect(await partitionAfter(change)).toBe(usual);
  });

  it('is the same for CPU flags in another order', async () => {
    const one = await partitionAfter(append('CPU_FLAGS_X86="avx2 sse4_2"'));
    expect(one).not.toBe(usual);
    expect(await partitionAfter(append('CPU_FLAGS_X86="sse4_2  avx2"'))).toBe(one);
  });

  it.each([
    ...['CFLAGS', 'CXXFLAGS', 'CPPFLAGS', 'FFLAGS', 'FCFLAGS', 'LDFLAGS', 'ASFLAGS', 'RUSTFLAGS', 'GOFLAGS'].map(
      (name): [string, string] => [name, append(`${name}="-x"`)],
    ),
    ['flags of one ABI', append('CFLAGS_amd64="-x"')],
    ['flags in another order', append('CFLAGS="-pipe -O2"')],
    ['package.env', append('sys-libs/zlib fast.conf', '/etc/portage/package.env')],
    ['a directory package.env', append('sys-libs/zlib fast.conf', '/etc/portage/package.env/a')],
    ['env', append('CFLAGS="-O3"', '/etc/portage/env/fast.conf')],
    ['bashrc', append('export X=1', '/etc/portage/bashrc')],
    ["a profile's bashrc", append('export X=1', `${profiles}/default/linux/amd64/ministage/profile.bashrc`)],
    ['a profile of its own', append('-O3', '/etc/portage/profile/x')],
    [
      'a profile that inherits something else',
      `mkdir ${profiles}/other; ${append('../../../../other', `${profiles}/default/linux/amd64/ministage/parent`)}`,
    ],
  ])('differs with %s', async (_name, change) => {
    const other = await partitionAfter(change);
    expect(other).toMatch(/^x86_64-pc-linux-gnu\/generic\/default-linux-amd64-ministage-/);
    expect(other).not.toBe(usual);
  });

  it('has the path of another profile in its name', async () => {
    const change = `mkdir -p ${profiles}/x/é..y; echo ../../default/linux/amd64/ministage >${profiles}/x/é..y/parent;
      ln -sfn ${profiles}/x/é..y /etc/portage/make.profile`;
    expect(await partitionAfter(change)).toMatch(/\/generic\/x-..y-v2-[0-9a-f]{12}$/);
  });

  it('has the name of the CPU only in its path', async () => {
    const named = await partitionAfter('true', { cpu: 'zen4' });
    expect(named.split('/')[1]).toBe('zen4');
    expect(digestOf(named)).toBe(digestOf(usual));
    expect((await partitionAfter('true', { cpu: '../..' })).split('/')[1]).toBe('generic');
  });

  it.each([
    ['-O2 -march=x86-64-v3', 'x86-64-v3'],
    ['-march=znver4 -march=x86-64-v2', 'x86-64-v2'],
    ['-mcpu=cortex-a7', 'cortex-a7'],
    ['-march=armv8.2-a+crypto -mcpu=x', 'armv8.2-a+crypto'],
    ['-mtune=znver4', 'generic'],
  ])('has a word for the flags %s', async (flags, word) => {
    expect((await partitionAfter(append(`CFLAGS="${flags}"`))).split('/')[1]).toBe(word);
  });

  it('differs for each machine if the flags say native', async () => {
    const native = append('CFLAGS="-march=native"');
    const here = await partitionAfter(native);
    expect(here.split('/')[1]).toBe('native');
    await sh("cp /proc/cpuinfo /tmp/cpuinfo; echo 'model : other' >/tmp/other; cat /proc/cpuinfo >>/tmp/other");
    const asThere = programWith('/proc/cpuinfo', '/tmp/other');
    const asHere = programWith('/proc/cpuinfo', '/tmp/cpuinfo');
    const env = { CFLAGS: '-march=native' };
    const run = async (text: string, environment = env) =>
      (await container.exec(['python3', '-I', '-c', text], { env: environment })).stdout.trim();
    expect(await run(asHere)).toBe(await run(partitionCommand()[3] ?? ''));
    expect(await run(asThere)).not.toBe(await run(asHere));
    expect(await run(asThere, { CFLAGS: '-O2 -pipe' })).toBe(usual);
  });

  it('differs for each hook', async () => {
    const withHook = (name: string, text: string) => partitionAfter('true', { hooks: new Map([[name, text]]) });
    const all = [usual, await withHook('compile', 'true'), await withHook('compile', 'false')];
    expect(new Set(all).size).toBe(3);
    expect(await withHook('compile', 'true')).toBe(all[1]);
  });

  it('does not exist if Portage knows no CHOST', async () => {
    expect(await partitionAfter('rm /etc/portage/make.profile')).toMatch(/^1: .*Portage knows no CHOST/s);
  });
});

/** The program with one of its paths replaced, because a container cannot change that file. */
function programWith(path: string, other: string): string {
  const text = partitionCommand()[3] ?? '';
  expect(text.split(path)).toHaveLength(2);
  return text.replace(path, other);
}
