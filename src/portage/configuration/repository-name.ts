import { textLines, splitWords, strip } from './python-text.ts';

/** The files of an ebuild repository that name it; undefined if a file does not exist. */
export interface NamingFiles {
  /** `profiles/repo_name` */
  readonly repoName: string | undefined;
  /** `metadata/layout.conf` */
  readonly layoutConf: string | undefined;
}

/**
 * The name of an ebuild repository: `repo-name` in `metadata/layout.conf`, or else the first line of `profiles/repo_name`
 * (`RepoConfig` in portage/repository/config.py). Characters that no name has become hyphens. Empty if `profiles/repo_name` has no
 * name: Portage then takes that of the directory. Undefined if neither file names the repository.
 */
export function repositoryName({ repoName, layoutConf }: NamingFiles): string | undefined {
  const inLayout = validName(readLayoutConf(layoutConf ?? '').get('repo-name') ?? '');
  if (inLayout !== '') return inLayout;
  return repoName === undefined ? undefined : validName(textLines(repoName)[0] ?? '');
}

/** The keys and values of a `layout.conf`; a later line overrides an earlier one (`KeyValuePairFileLoader` in portage/env/loaders.py). */
function readLayoutConf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of textLines(text).map(strip)) {
    const equals = line.indexOf('=');
    if (!line.startsWith('#') && equals > 0) values.set(strip(line.slice(0, equals)), strip(line.slice(equals + 1)));
  }
  return values;
}

/** As `_gen_valid_repo` in portage/repository/config.py. */
function validName(text: string): string {
  const words = splitWords(text.replaceAll(/[^\p{L}\p{N}_-]/gu, ' '));
  return words
    .map((word) => word.text)
    .join('-')
    .replace(/^-+/, '');
}
