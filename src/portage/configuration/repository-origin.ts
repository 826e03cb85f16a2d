import { repositoryName, type NamingFiles } from './repository-name.ts';
import type { Repository } from './repos-conf.ts';

/** The files of an ebuild repository that tell its name and its origin; undefined if a file does not exist. */
export interface OriginFiles extends NamingFiles {
  /** `.git/config` */
  readonly gitConfig: string | undefined;
  /** `metadata/timestamp.chk`, which rsync mirrors and snapshots have. */
  readonly timestamp: string | undefined;
}

/**
 * Explains why a repository is not the one that a base's repos.conf describes: it has another name or, if it is to be synced,
 * another sync type or address. Returns undefined if it may be the same one.
 */
export function explainOtherOrigin(
  { repoName, layoutConf, gitConfig, timestamp }: OriginFiles,
  { name, syncType, syncUri }: Pick<Repository, 'name' | 'syncType' | 'syncUri'>,
  { syncs }: { readonly syncs: boolean },
): string | undefined {
  const found = repositoryName({ repoName, layoutConf }) ?? '';
  if (found !== '' && found !== name) return `it has the repository ${found}, and the base uses the repository ${name}`;
  if (!syncs || syncType === '') return undefined;
  const wanted = `${syncType}${syncUri === '' ? '' : ` from ${syncUri}`}`;
  const addresses = gitConfig === undefined ? [] : remotesOf(gitConfig);
  if (gitConfig !== undefined && mirrored.has(syncType)) {
    const from = addresses[0] === undefined ? '' : ` from ${addresses[0]}`;
    return `it was synced by git${from}, and the base syncs it by ${wanted}`;
  }
  if (gitConfig === undefined && timestamp !== undefined && syncType === 'git')
    return `it was synced by rsync or from a snapshot, and the base syncs it by ${wanted}`;
  const isOther = syncType === 'git' && syncUri !== '' && addresses.length > 0;
  if (!isOther || addresses.some((address) => plain(address) === plain(syncUri))) return undefined;
  return `it was synced by git from ${addresses[0]}, and the base syncs it by ${wanted}`;
}

const mirrored: ReadonlySet<string> = new Set(['rsync', 'webrsync']);

/** The addresses of the remotes in git's configuration; git-config(1). */
function remotesOf(config: string): readonly string[] {
  let inRemote = false;
  return config.split('\n').flatMap((line) => {
    if (/^\s*\[/.test(line)) inRemote = /^\s*\[remote\b/i.test(line);
    const url = /^\s*url\s*=\s*"?([^"\s]+)/i.exec(line)?.[1];
    return inRemote && url !== undefined ? [url] : [];
  });
}

/** An address without the parts that do not change the repository: `/` and `.git` at its end, `file://` at its beginning. */
function plain(address: string): string {
  return address
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/^file:\/\//, '');
}
