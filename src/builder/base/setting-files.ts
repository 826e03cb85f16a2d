import { posix } from 'node:path';
import { followLinks } from '../../engine/follow-links.ts';
import type { DirectoryTexts, Probe } from '../../container/probe.ts';
import type { MakeConfFile } from '../../portage/configuration/make-conf.ts';
import { versionControl } from '../../portage/version-control.ts';

type Files = Pick<Probe, 'stat' | 'readText' | 'readDirectory'>;

/** A directory of a base that was read. */
export interface SettingsDirectory extends DirectoryTexts {
  readonly path: string;
}

/** Reads a directory of a base with everything below it; a text that is too large makes the base unusable. */
export async function readDirectory(probe: Files, path: string): Promise<SettingsDirectory> {
  return { path, ...(await probe.readDirectory(path, 'base-unusable')) };
}

/**
 * Reads a setting of a directory, such as `repos.conf`: a file, or all files below a directory in the order in which Portage
 * reads them. Links are followed. Hidden names, names that end with `~` and directories of version control are left out
 * (`_recursive_file_list` in portage/util). Returns an empty list if there is no such path.
 */
export async function readSettingFiles(
  probe: Files,
  directory: SettingsDirectory,
  name: string,
): Promise<readonly MakeConfFile[]> {
  return readBelow(probe, directory, name, []);
}

/** Whether a setting of a directory is a directory itself, and not a link to one. */
export function isDirectorySetting({ texts, links }: DirectoryTexts, name: string): boolean {
  return [...texts.keys(), ...links.keys()].some((path) => path.startsWith(`${name}/`));
}

/** Reads the files of a setting. `above` has the directories that links have led to, so that a cycle of links ends. */
async function readBelow(
  probe: Files,
  directory: SettingsDirectory,
  name: string,
  above: readonly string[],
): Promise<readonly MakeConfFile[]> {
  const { texts, links } = directory;
  const within = (path: string) => name === '' || path === name || path.startsWith(`${name}/`);
  const paths = [...texts.keys(), ...links.keys()].filter((path) => within(path) && isRead(path.slice(name.length)));
  const found: MakeConfFile[] = [];
  for (const path of paths.toSorted(byParts)) {
    const full = posix.join(directory.path, path);
    const text = texts.get(path);
    if (text === undefined) found.push(...(await readLink(probe, full, above)));
    else found.push({ path: full, text });
  }
  return found;
}

async function readLink(probe: Files, path: string, above: readonly string[]): Promise<readonly MakeConfFile[]> {
  const target = await followLinks(probe, path);
  if (target?.kind === 'file') return [{ path, text: (await probe.readText(target.path)) ?? '' }];
  const isSkipped = versionControl.has(posix.basename(path));
  if (target?.kind !== 'directory' || isSkipped || above.includes(target.path)) return [];
  const files = await readBelow(probe, await readDirectory(probe, target.path), '', [...above, target.path]);
  return files.map((file) => ({ ...file, path: posix.join(path, posix.relative(target.path, file.path)) }));
}

/** Whether Portage reads a path below a setting. The name of a file may be that of a directory of version control. */
function isRead(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.every((part) => !/^\.|~$/.test(part)) && !parts.slice(0, -1).some((part) => versionControl.has(part));
}

/** Orders paths by their names from the left: everything below a directory stands at the place of the directory. */
function byParts(a: string, b: string): number {
  const [x, y] = [a.replaceAll('/', '\0'), b.replaceAll('/', '\0')];
  return x < y ? -1 : 1;
}
