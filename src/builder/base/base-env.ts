import { posix } from 'node:path';
import { readFollowing } from '../../engine/follow-links.ts';
import type { Probe } from '../../container/probe.ts';
import { readMakeConf, type MakeConf, type MakeConfVariable } from '../../portage/configuration/make-conf.ts';
import type { Position } from '../../portage/configuration/make-conf-tokens.ts';
import {
  describeNoFile,
  everyPackage,
  isFatal,
  readPackageEnv,
  type EnvName,
  type NoFile,
} from '../../portage/configuration/package-env.ts';
import { readSettingFiles, type SettingsDirectory } from './setting-files.ts';

type Variables = ReadonlyMap<string, MakeConfVariable>;

/** A fault or a note about package.env of a base, or about a file that it names. */
export interface EnvRemark {
  readonly place: Position;
  readonly message: string;
  /** Whether every emerge fails at it, and not only an emerge of the packages for which package.env names the file. */
  readonly isFatal: boolean;
}

/** What package.env of a base adds to its make.conf. */
export interface BaseEnv {
  /** The variables of make.conf with those of the files for all packages, which override them. */
  readonly variables: Variables;
  readonly remarks: readonly EnvRemark[];
}

/**
 * Reads package.env of a base and the files that it names; portage(5). `own` is /etc/portage, and `known` the variables of
 * make.conf. Files that these files source are not read.
 */
export async function readBaseEnv(probe: Probe, own: SettingsDirectory, known: Variables): Promise<BaseEnv> {
  const variables = new Map(known);
  const remarks: EnvRemark[] = [];
  const names = readPackageEnv(await readSettingFiles(probe, own, 'package.env'));
  for (const { atom, path, place } of distinct(names)) {
    const found = await lookUp(probe, own, path);
    const isForAll = atom === everyPackage;
    if (typeof found === 'string') {
      remarks.push({ place, message: describeNoFile(path, found), isFatal: isForAll && isFatal(found) });
      continue;
    }
    const made = readEnvFile(path, found.text, variables);
    const only = isForAll ? '' : `, and emerge fails at packages that match ${atom}`;
    for (const fault of made.faults)
      remarks.push({ place: fault.place, message: `${fault.message}${only}`, isFatal: isForAll });
    if (isForAll) for (const [name, variable] of made.variables) variables.set(name, variable);
  }
  return { variables, remarks };
}

/** Each path once; with the atom that matches every package, if it has this one among others. */
function distinct(names: readonly EnvName[]): readonly EnvName[] {
  const others = names.filter(({ atom }) => atom !== everyPackage);
  return [
    ...new Map(
      [...others, ...names.filter(({ atom }) => atom === everyPackage)].map((one) => [one.path, one]),
    ).values(),
  ];
}

function readEnvFile(path: string, text: string, variables: Variables): MakeConf {
  const known = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]));
  return readMakeConf([{ path, text }], { known });
}

/** The text of a file of a base, or what is in its place. The files of /etc/portage have been read already. */
async function lookUp(
  probe: Probe,
  { path: top, texts, links }: SettingsDirectory,
  path: string,
): Promise<{ readonly text: string } | NoFile> {
  const inside = posix.relative(top, posix.normalize(path));
  const text = texts.get(inside);
  if (text !== undefined) return { text };
  const above = inside.split('/').map((_, index, parts) => parts.slice(0, index).join('/'));
  if (above.some((directory) => texts.has(directory))) return 'below-file';
  if ([...texts.keys(), ...links.keys()].some((other) => other.startsWith(`${inside}/`))) return 'directory';
  const linked = inside.startsWith('../') || above.some((directory) => links.has(directory)) || links.has(inside);
  const followed = linked ? await readFollowing(probe, path) : undefined;
  return followed === undefined ? 'absent' : { text: followed };
}
