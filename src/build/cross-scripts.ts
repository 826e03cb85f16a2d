import type { RepositoryLink } from '../portage/cross-root.ts';

/** The shell programs of builds for another CHOST, like those in `job-scripts.ts`. */

const linkScript = `
while [ $# -gt 0 ]; do
  mkdir -p "\${1%/*}" || exit 1
  [ -L "$1" ] || { [ ! -d "$1" ] || rmdir "$1"; } && ln -sfn "$2" "$1" || exit 1
  shift 2
done
`;

/** Makes the links, in place of empty directories; fine where they are. */
export function linkRepositoriesCommand(links: readonly RepositoryLink[]): readonly string[] {
  return ['/bin/sh', '-c', linkScript, 'link-repositories', ...links.flatMap(({ path, target }) => [path, target])];
}

const unlinkScript = `
for path; do
  [ ! -L "$path" ] || { rm "$path" && mkdir "$path"; } || exit 1
done
`;

/** Leaves an empty directory where a link was, as a stage has it: before a root is made into an image or an archive. */
export function unlinkRepositoriesCommand(links: readonly RepositoryLink[]): readonly string[] {
  return ['/bin/sh', '-c', unlinkScript, 'unlink-repositories', ...links.map(({ path }) => path)];
}
