import { firstMatch, section, type EmergeReport } from '../output/emerge-report.ts';
import type { Explanation } from './explanation.ts';
import { quotedAtom, requirers, requiringPackage, sentenceOf } from './resolution-lines.ts';

/**
 * Explains names that no package or set has, and names that several packages have; `_emerge/depgraph.py`, `_emerge/actions.py`.
 */
export function explainUnknownPackage({ lines }: EmergeReport): Explanation | undefined {
  return (
    explainUnknownSet(lines) ?? explainAmbiguousName(lines) ?? explainNoBinaryPackage(lines) ?? explainNoEbuild(lines)
  );
}

function explainUnknownSet(lines: readonly string[]): Explanation | undefined {
  const pattern = /There are no sets to satisfy '(.+?)'/;
  const set = firstMatch(lines, pattern);
  if (set === undefined) return undefined;
  const relevantLines = section(lines, pattern, /^\S/).filter((line) => line !== '');
  const sets = relevantLines.slice(1).map((line) => line.trim());
  return {
    code: 'package-unknown',
    object: `@${set}`,
    cause: 'there is no set of this name',
    remedy: { about: 'request', kind: 'choose-set', sets },
    relevantLines,
  };
}

function explainAmbiguousName(lines: readonly string[]): Explanation | undefined {
  const pattern = /The short ebuild name "(.+?)" is ambiguous/;
  const name = firstMatch(lines, pattern);
  if (name === undefined) return undefined;
  const names = lines.flatMap((line) => /^(?: {4}|\* +)(\S+\/\S+)$/.exec(line)?.[1] ?? []);
  return {
    code: 'package-unknown',
    object: name,
    cause: `the name is ambiguous: ${names.join(', ')}`,
    remedy: { about: 'request', kind: 'add-category' },
    relevantLines: [...lines.filter((line) => pattern.test(line)), ...names],
  };
}

/**
 * emerge prints the message only with `--usepkgonly` or `--getbinpkgonly`. It says nothing about ebuilds, and the similar names that
 * emerge adds are only those of binary and installed packages.
 */
function explainNoBinaryPackage(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => text.startsWith('emerge: there are no binary packages to satisfy "'));
  if (line === undefined) return undefined;
  const host = lines.filter((text) => text.startsWith('!!! binrepos.conf is missing'));
  return {
    code: 'package-unsatisfiable',
    object: requiringPackage(lines) ?? quotedAtom(line),
    cause: `${sentenceOf(line)}, and emerge was told to install binary packages only`,
    remedy: { about: 'request', kind: 'allow-ebuilds' },
    relevantLines: [...host, line, ...requirers(lines)],
  };
}

/** A requested package that does not exist is unknown; a dependency that does not exist makes its package unsatisfiable. */
function explainNoEbuild(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => /^emerge: there are no (?!.*built with USE flags).+ to satisfy "/.test(text));
  if (line === undefined) return undefined;
  const requirer = requiringPackage(lines);
  if (requirer !== undefined) {
    return {
      code: 'package-unsatisfiable',
      object: requirer,
      cause: sentenceOf(line),
      remedy: { about: 'tree', kind: 'update-tree', reason: 'missing-dependency' },
      relevantLines: [line, ...requirers(lines)],
    };
  }
  const similar = lines.find((text) => /^emerge: Maybe you meant (?:any of these: )?\S/.test(text));
  const unknown = { code: 'package-unknown', object: quotedAtom(line) } as const;
  const set = firstMatch(requirers(lines), /required by "(@[^"]+)" \[argument\]/);
  if (similar === undefined || set !== undefined) {
    const remedy = { about: 'request', kind: 'check-name' } as const;
    const cause = `${sentenceOf(line)}${set === undefined ? '' : `, which the set ${set} names`}`;
    return { ...unknown, cause, remedy, relevantLines: [line, ...requirers(lines)] };
  }
  const packages = similar.replaceAll(/^.*(?:any of these: |you meant )|\?$/g, '').split(', ');
  return {
    ...unknown,
    cause: `${sentenceOf(line)}. ${sentenceOf(similar)}`,
    remedy: { about: 'request', kind: 'choose-similar-package', packages },
    relevantLines: [line, similar],
  };
}
