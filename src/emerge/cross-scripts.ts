import { shellProgram } from '../container-program.ts';
import type { RepositoryLink } from '../portage/cross-root.ts';

/** Replaces an empty directory or an existing link with a symbolic link to an ebuild repository, for each of `links`. */
export function linkRepositoriesCommand(links: readonly RepositoryLink[]): readonly string[] {
  const file = new URL('./link-repositories.sh', import.meta.url);
  return shellProgram(file, 'link-repositories', ...links.flatMap(({ path, target }) => [path, target]));
}

/** Replaces each link with an empty directory, as in a stage, before an image or an archive is made of the root. */
export function unlinkRepositoriesCommand(links: readonly RepositoryLink[]): readonly string[] {
  const file = new URL('./unlink-repositories.sh', import.meta.url);
  return shellProgram(file, 'unlink-repositories', ...links.map(({ path }) => path));
}
