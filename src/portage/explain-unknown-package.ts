import { firstMatch, section, type EmergeReport, type Explanation } from './emerge-report.ts';
import { quotedAtom, requirers, requiringPackage, sentenceOf } from './resolution-lines.ts';

/** Packages and sets that are not there, or not by that name; `_emerge/depgraph.py`, `_emerge/actions.py`. */
export function explainUnknownPackage({ lines }: EmergeReport): Explanation | undefined {
  return explainUnknownSet(lines) ?? explainAmbiguousName(lines) ?? explainNoEbuild(lines);
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
    hint: `name one of these sets: ${sets.join(', ')}`,
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
    hint: 'name the package with its category',
    relevantLines: [...lines.filter((line) => pattern.test(line)), ...names],
  };
}

/** What was asked for is unknown; a dependency that is, makes what was asked for unsatisfiable. */
function explainNoEbuild(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => /^emerge: there are no (?!.*built with USE flags).+ to satisfy "/.test(text));
  if (line === undefined) return undefined;
  const requirer = requiringPackage(lines);
  if (requirer !== undefined) {
    return {
      code: 'package-unsatisfiable',
      object: requirer,
      cause: sentenceOf(line),
      hint: {
        builder: 'the tree does not have all that it needs: leave --no-sync out if it was given',
        site: 'the tree does not have all that it needs: zentoo sync moves the trees on',
      },
      relevantLines: [line, ...requirers(lines)],
    };
  }
  const similar = lines.find((text) => /^emerge: Maybe you meant (?:any of these: )?\S/.test(text));
  const unknown = { code: 'package-unknown', object: quotedAtom(line) } as const;
  return similar === undefined
    ? {
        ...unknown,
        cause: sentenceOf(line),
        hint: {
          builder: 'check the name and the version; a newer tree may have it: leave --no-sync out if it was given',
          site: 'check the name and the version; a newer tree may have it: zentoo sync moves the trees on',
        },
        relevantLines: [line],
      }
    : {
        ...unknown,
        cause: `${sentenceOf(line)}. ${sentenceOf(similar)}`,
        hint: similar.includes('any of these:') ? 'name one of these packages' : 'name that package',
        relevantLines: [line, similar],
      };
}
