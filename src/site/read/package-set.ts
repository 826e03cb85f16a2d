import { abbreviate } from '../../abbreviate.ts';
import { isSetName, parsePackageArgument, type Atom, type SetName } from '../../portage/atom.ts';
import { hasBuildId } from '../../portage/atom-grammar.ts';
import { textLines, splitWords } from '../../portage/configuration/python-text.ts';
import { portageOwnSets } from '../../portage/own-sets.ts';
import { versionControl } from '../../portage/version-control.ts';
import type { Place } from '../../failure.ts';
import { Diagnostics, startOf } from '../diagnostics.ts';
import type { PackageSet } from '../site.ts';

/** A set with the positions of the sets that it contains. */
export interface ParsedSet {
  readonly set: PackageSet;
  /** The faults of its file. They are reported only if a tuple uses the set, because Portage reads no other sets. */
  readonly faults: Diagnostics;
  readonly references: readonly { readonly name: SetName; readonly place: Place }[];
}

/**
 * Parses a set file: one atom or `@set` per line, comments with # (portage(5), "sets"). As for Portage, words after the atom are a
 * description; a second atom is a fault, because Portage would leave it out. Other lines are faults, too, and are left out.
 */
export function readSetText(text: string, name: string, file: string, faults = new Diagnostics()): ParsedSet {
  const atoms: Atom[] = [];
  const places: Place[] = [];
  const references: { name: SetName; place: Place }[] = [];
  for (const [index, line] of textLines(text).entries()) {
    const [first, ...words] = splitWords(line);
    if (first === undefined || first.text.startsWith('#')) continue;
    const place = { file, line: index + 1, column: first.index + 1 };
    const parsed = parseSetLine(first.text);
    const comment = words.findIndex((word) => word.text.startsWith('#'));
    const second = words.slice(0, comment < 0 ? undefined : comment).find((word) => parseSetLine(word.text).ok);
    if (second) faults.add({ ...place, column: second.index + 1 }, 'a line has one atom: put this one on its own line');
    if (!parsed.ok) faults.add(place, `${abbreviate(first.text)} is no atom: ${parsed.reason}`);
    else if (isSetName(parsed.value)) references.push({ name: parsed.value, place });
    else {
      atoms.push(parsed.value);
      places.push(place);
    }
  }
  const sets = references.map((reference) => reference.name);
  return { set: { name, file, text, atoms, places, sets }, references, faults };
}

/** Unlike emerge's command line, a set file allows neither a package without a category, nor `world` without `@`, nor build ids. */
function parseSetLine(text: string): ReturnType<typeof parsePackageArgument> {
  const parsed = parsePackageArgument(text);
  if (text.startsWith('-')) return { ok: false, reason: 'looks like an option, which a set cannot have' };
  if (!parsed.ok || text.startsWith('@')) return parsed;
  if (hasBuildId(text)) return { ok: false, reason: 'a set has no builds of a version: leave the build id out' };
  if (/^[^:[]*\//.test(text)) return parsed;
  return { ok: false, reason: 'in a set a package is category/name, like net-misc/curl' };
}

/** Whether Portage reads a file in /etc/portage/sets as a set (`StaticFileSet.multiBuilder` in portage/_sets/files.py). */
export function isSetFile(name: string): boolean {
  return !name.startsWith('.') && !name.endsWith('~') && !name.endsWith('.metadata');
}

/** Whether Portage looks for sets in a directory below /etc/portage/sets. */
export function isSetDirectory(name: string): boolean {
  return !name.startsWith('.') && !name.endsWith('~') && !versionControl.has(name);
}

/** Reports an invalid name of a set. */
export function checkSetName(name: string, file: string, diagnostics: Diagnostics): void {
  if (portageOwnSets.has(name)) diagnostics.add(startOf(file), `Portage has its own set @${name}: rename this one`);
  else if (!parsePackageArgument(`@${name}`).ok)
    diagnostics.add(startOf(file), `${abbreviate(name)} is not a valid name of a set: use letters, digits and _ + . -`);
}
