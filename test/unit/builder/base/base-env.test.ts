import { expect, it } from 'vitest';
import { inspectBaseSystem, type BaseSystem } from '../../../../src/builder/base/base-system.ts';
import { failuresOf } from '../../../../src/failure.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { fakeImage } from '../../../support/fake-engine/fake-engine-state.ts';
import { baseName, BuildWorld, newLayout } from '../build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };

interface Asked {
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: readonly string[];
  readonly emergeOptions?: readonly string[];
  readonly given?: string;
}

/** The notes about a base with these files and this environment, or the failures with their exit statuses. */
async function said({ files = {}, environment = [], emergeOptions = [], given }: Asked): Promise<readonly string[]> {
  using world = new BuildWorld();
  const image = fakeImage({ environment, files: fakeFiles({ ...newLayout, ...files }) });
  world.engine.images.clear();
  world.engine.addImage('other', image);
  const userFile = given === undefined ? undefined : { path: '/given.conf', text: given };
  const described = ({ notes }: BaseSystem) =>
    notes.map(({ place, message }) => `${place.file}:${place.line}:${place.column}: ${message}`);
  return await inspectBaseSystem(
    world.engine,
    workspace,
    { name: baseName, image },
    { given: userFile, emergeOptions },
  ).then(described, (error: unknown) => failuresOf(error).map(({ exitStatus, message }) => `${exitStatus} ${message}`));
}

const makeConf = (text: string) => ({ '/etc/portage/make.conf': text });
const pretend = 'EMERGE_DEFAULT_OPTS="--jobs 2 --pretend"\n';
const unusable = `14 failed to use the base ${baseName}:`;
const problem = 'EMERGE_DEFAULT_OPTS has --pretend, and emerge installs nothing with it: remove it';
const forAll = (text: string) => ({ '/etc/portage/package.env': '*/* all.conf\n', '/etc/portage/env/all.conf': text });

it.each<[string, Asked, readonly string[]]>([
  ['make.conf', { files: makeConf(`A=1\n${pretend}`) }, [`${unusable} /etc/portage/make.conf:2:1: ${problem}`]],
  ['the given file', { given: pretend }, [`2 /given.conf:1:1: ${problem}`]],
  ['the environment', { environment: ['A=b', 'EMERGE_DEFAULT_OPTS=-p'] }, [`${unusable} its environment: ${problem}`]],
  ['a file of package.env', { files: forAll(pretend) }, [`${unusable} /etc/portage/env/all.conf:1:1: ${problem}`]],
  [
    'a file of package.env, which overrides make.conf',
    { files: { ...makeConf(pretend), ...forAll('EMERGE_DEFAULT_OPTS="--jobs"\n') } },
    [],
  ],
  [
    'make.conf, which the environment overrides',
    { files: makeConf(pretend), environment: ['EMERGE_DEFAULT_OPTS='] },
    [],
  ],
  ['make.conf, which the given file replaces', { files: makeConf(pretend), given: 'A=1\n' }, []],
  ['make.conf, which emerge ignores', { files: makeConf(pretend), emergeOptions: ['--ignore-default-opts'] }, []],
  [
    'make.conf, as an option of the request',
    { files: makeConf('EMERGE_DEFAULT_OPTS="--onlydeps"\n'), emergeOptions: ['-o'] },
    [],
  ],
  [
    'make.conf, which an option of the request switches off',
    { files: makeConf('EMERGE_DEFAULT_OPTS="--autounmask-only"\n'), emergeOptions: ['--autounmask-only=n'] },
    [],
  ],
  [
    'a file of package.env for some packages, which is no setting of emerge',
    { files: { ...forAll(pretend), '/etc/portage/package.env': 'app-misc/* all.conf\n' } },
    [],
  ],
])(
  'case 2.9: before the build, default options with which emerge installs nothing are refused in %s',
  async (_where, asked, expected) => {
    expect(await said(asked)).toEqual(expected);
  },
);

it('package.env of the base is read: a fault for all packages is refused, others are notes', async () => {
  const names = ['*/* none', 'a/b dir', 'a/c file/below', 'a/d broken.conf # none'];
  const files = {
    '/etc/portage/package.env/one': names.join('\n'),
    '/etc/portage/env/dir/x': '',
    '/etc/portage/env/file': '',
    '/etc/portage/env/broken.conf': 'A="1"\nB="x\n',
  };
  const one = '/etc/portage/package.env/one';
  const quote = 'the quotation mark " is not closed';
  expect(await said({ files })).toEqual([
    `${one}:2:5: it names /etc/portage/env/dir, which is a directory: Portage passes over it`,
    `${one}:3:5: it names /etc/portage/env/file/below, which is below a file, and emerge fails: correct the name`,
    `/etc/portage/env/broken.conf:2:3: ${quote}, and emerge fails at packages that match a/d`,
    `${one}:1:5: it names /etc/portage/env/none, which does not exist: Portage passes over it`,
  ]);
  const fatal = { ...files, '/etc/portage/package.env/one': '*/* broken.conf\n*/* file/below\n' };
  expect(await said({ files: fatal })).toEqual([
    `${unusable} /etc/portage/env/broken.conf:2:3: ${quote}`,
    `${unusable} ${one}:2:5: it names /etc/portage/env/file/below, which is below a file, and emerge fails: correct the name`,
  ]);
});
