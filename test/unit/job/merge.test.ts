import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mergeCommand } from '../../../src/job/job-scripts.ts';
import { temporaryDirectory } from '../site/git-program.ts';

/** Runs a merge for real, with the records of installed packages in `home`. Returns the packages that it names. */
function merge(home: string, script: string): readonly string[] {
  const [program = '', ...args] = mergeCommand(join(home, 'work'), ['/bin/sh', '-ec', script, home]);
  const words = args.map((word) => word.replaceAll('/var/db/pkg', join(home, 'pkg')));
  const result = join(home, 'result');
  const { status, stderr } = spawnSync('/bin/sh', ['-c', '"$@" 8>"$0"', result, program, ...words]);
  expect(status, stderr.toString()).toBe(0);
  return readFileSync(result, 'utf8').split('\n').filter(Boolean);
}

/** A package that was recorded an hour from now, by a clock that is wrong. */
function recordLater(home: string, cpv: string): void {
  const path = join(home, 'pkg', cpv);
  mkdirSync(path, { recursive: true });
  const later = new Date(Date.now() + 3_600_000);
  utimesSync(path, later, later);
}

it('a merge names the packages that it recorded, also if the clock was set back meanwhile', () => {
  using home = temporaryDirectory();
  for (const cpv of ['a/kept-1', 'a/again-1', 'a/gone-1']) recordLater(home.path, cpv);
  const script = `cd "$0/pkg"; mkdir a/new-1 b a/-MERGING-half-1 b/other-2; touch -d '10 days ago' a/new-1 b/other-2
    rm -r a/gone-1 a/again-1; mkdir a/again-1; touch -d '1 hour ago' a/again-1; mkdir -p $0/work/a/build`;
  expect(merge(home.path, script)).toEqual(['a/again-1', 'a/new-1', 'b/other-2']);
  // A second merge of this container names those of the first one, too.
  expect(merge(home.path, 'mkdir "$0/pkg/b/third-1"')).toEqual(['a/again-1', 'a/new-1', 'b/other-2', 'b/third-1']);
});

it('a merge into a system without packages names all of them', () => {
  using home = temporaryDirectory();
  mkdirSync(join(home.path, 'later/a/new-1'), { recursive: true });
  writeFileSync(join(home.path, 'later/a/file'), '');
  expect(merge(home.path, 'mv "$0/later" "$0/pkg"')).toEqual(['a/new-1']);
});

it('a merge removes what Portage left in the work directory, and keeps new packages and the store beside them', () => {
  using home = temporaryDirectory();
  const script = `cd "$0/work"; mkdir -p app-misc/left-1/work/Packages-1.0 .left chost/cpu/partition/a .store
    touch chost/cpu/partition/Packages chost/cpu/partition/a/new-1.gpkg.tar app-misc/left-1/work/Packages-1.0/Packages`;
  expect(merge(home.path, script)).toEqual([]);
  expect(readdirSync(join(home.path, 'work')).toSorted()).toEqual(['.gentoo-builder', '.store', 'chost']);
  expect(readdirSync(join(home.path, 'work/chost/cpu/partition/a'))).toEqual(['new-1.gpkg.tar']);
});
