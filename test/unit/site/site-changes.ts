import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitAll, writeFiles } from './git-program.ts';

/** Where a site has its two repositories. */
export const portage = (site: string) => join(site, 'config/portage');
export const hooks = (site: string) => join(site, 'config/buildhooks');

/** Replaces something in a file of a site; throws if it is not there. */
export function edit(site: string, file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(site, file), 'utf8');
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${file} has no ${String(from)}`);
  writeFileSync(join(site, file), changed);
}

/** Commits files to what is checked out in a repository. */
export function commitFiles(repository: string, files: Readonly<Record<string, string>>): void {
  writeFiles(repository, files);
  commitAll(repository);
}

/** Replaces the make.conf of the branch `base` of a site, and commits it with other files. */
export function prepareMakeConf(site: string, files: Readonly<Record<string, string>>): void {
  rmSync(join(portage(site), 'make.conf'), { recursive: true });
  commitFiles(portage(site), files);
}
