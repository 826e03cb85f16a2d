import { describe, expect, it } from 'vitest';
import type { InstalledPackage } from '../../../../src/store/installed-packages.ts';
import { formatManifest, type RootOrigin } from '../../../../src/zentoo/output/manifest.ts';

const hello: InstalledPackage = {
  cpv: 'app-misc/hello-2.10',
  slot: '0',
  repository: 'gentoo',
  use: { enabled: ['nls'], disabled: ['doc'] },
  buildId: 2,
  buildTime: 1_700_000_000,
  chost: 'x86_64-pc-linux-gnu',
  cflags: '-O2',
  size: 1000,
  counter: 7,
};

const origin: RootOrigin = {
  tuple: 'v3-default-plain-web',
  site: 'home',
  created: new Date(0),
  fingerprint: '0123',
  stage: { image: 'gentoo/stage3', id: 'sha256:aa', digest: 'sha256:bb' },
  cpu: 'v3',
  portage: { branch: 'default', commit: '11' },
  buildhooks: { branch: 'plain', commit: '22' },
  partition: 'chost/v3/linux-33',
  trees: [
    { repository: 'local', revision: '55' },
    { repository: 'gentoo', revision: '44' },
  ],
};

const archive = { sha512: 'ff', size: 12 };

interface Manifest {
  readonly packages: readonly { readonly cpv: string; readonly from: string }[];
}

const read = (text: string) => JSON.parse(text) as Manifest & Record<string, unknown>;

function sourcesOf(installed: readonly InstalledPackage[], ofStage: readonly InstalledPackage[]): readonly string[] {
  return read(formatManifest({ origin, installed, ofStage }, archive)).packages.map(({ from }) => from);
}

describe('a manifest', () => {
  it('has all its keys in one order, and ends with a newline', () => {
    const text = formatManifest({ origin, installed: [hello], ofStage: [] }, archive);
    expect(text.endsWith('}\n')).toBe(true);
    expect(Object.entries(read(text))).toEqual([
      ['format', 1],
      ['site', 'home'],
      ['tuple', 'v3-default-plain-web'],
      ['created', '1970-01-01T00:00:00.000Z'],
      ['fingerprint', '0123'],
      ['stage', { image: 'gentoo/stage3', id: 'sha256:aa', digest: 'sha256:bb' }],
      ['cpu', 'v3'],
      ['portage', { branch: 'default', commit: '11' }],
      ['buildhooks', { branch: 'plain', commit: '22' }],
      ['partition', 'chost/v3/linux-33'],
      [
        'trees',
        [
          { repository: 'gentoo', revision: '44' },
          { repository: 'local', revision: '55' },
        ],
      ],
      ['archive', archive],
      [
        'packages',
        [
          {
            cpv: 'app-misc/hello-2.10',
            slot: '0',
            repository: 'gentoo',
            use: { enabled: ['nls'], disabled: ['doc'] },
            buildId: 2,
            buildTime: 1_700_000_000,
            chost: 'x86_64-pc-linux-gnu',
            cflags: '-O2',
            size: 1000,
            from: 'store',
          },
        ],
      ],
    ]);
  });

  it('says null where there is nothing', () => {
    const bare = { ...origin, buildhooks: undefined, stage: { ...origin.stage, digest: undefined } };
    const unknown = { ...hello, buildId: undefined, buildTime: undefined, size: undefined };
    expect(read(formatManifest({ origin: bare, installed: [unknown], ofStage: [] }, archive))).toMatchObject({
      buildhooks: null,
      stage: { digest: null },
      packages: [{ buildId: null, buildTime: null, size: null }],
    });
  });

  it('sorts packages by their bytes', () => {
    const names = ['b/a-1', 'B/a-1', 'a-b/c-1', 'a/c-1'];
    const installed = names.map((cpv) => ({ ...hello, cpv }));
    expect(read(formatManifest({ origin, installed, ofStage: [] }, archive)).packages.map(({ cpv }) => cpv)).toEqual([
      'B/a-1',
      'a-b/c-1',
      'a/c-1',
      'b/a-1',
    ]);
  });

  it.each<[string, Partial<InstalledPackage>]>([
    ['version', { cpv: 'app-misc/hello-2.11' }],
    ['build', { buildId: 3 }],
    ['time of its build', { buildTime: 1_700_000_001 }],
    ['merge of the same build', { counter: 9 }],
  ])('has a package with another %s than the stage had from the store', (_what, parts) => {
    expect(sourcesOf([{ ...hello, ...parts }], [hello])).toEqual(['store']);
    expect(sourcesOf([hello], [hello])).toEqual(['stage']);
  });
});
