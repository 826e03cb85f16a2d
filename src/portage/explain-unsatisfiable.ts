import { firstMatch, section, type Advice, type EmergeReport, type Explanation } from './emerge-report.ts';
import { quotedAtom, requirers, requiringPackage, sentenceOf } from './resolution-lines.ts';

type Explain = (lines: readonly string[]) => Omit<Explanation, 'code'> | undefined;

/** Lets emerge change its configuration as it proposes; tried with Portage 3.0.83. */
const autounmask = '--emerge-option=--autounmask=y --emerge-option=--autounmask-continue=y';

/** Packages that are there and cannot be installed as asked: masks, USE flags, conflicts; `_emerge/depgraph.py`. */
export function explainUnsatisfiable({ lines }: EmergeReport): Explanation | undefined {
  for (const explain of explainers) {
    const explanation = explain(lines);
    if (explanation) return { code: 'package-unsatisfiable', ...explanation };
  }
  return undefined;
}

const explainMissingUseFlag: Explain = (lines) => {
  const line = lines.find((text) => /^emerge: there are no .+ built with USE flags to satisfy "/.test(text));
  if (line === undefined) return undefined;
  const choices = lines.filter((text) => /^- \S+ \(.+\)$/.test(text));
  const missing = choices.every((choice) => choice.includes('(Missing IUSE: '));
  return {
    object: requiringPackage(lines) ?? quotedAtom(line),
    cause: `${sentenceOf(line)}: ${choices.map((choice) => choice.slice(2)).join(', ')}`,
    hint: missing
      ? 'no version of the package has such a USE flag: ask for it without'
      : {
          builder: `change the USE flags, as in --use "${wantedFlags(choices)}"`,
          site: `change the USE flags in package.use of the portage branch: ${wantedFlags(choices)}`,
        },
    relevantLines: [line, ...choices, ...requirers(lines)],
  };
};

/** `shout -quiet` of `- dev-libs/greeting-2.0::gentoo (Change USE: +shout -quiet)`, the first that says it. */
function wantedFlags(choices: readonly string[]): string {
  const flags = choices.flatMap((choice) => /\(Change USE: ([^)]+)\)/.exec(choice)?.[1] ?? [])[0] ?? '';
  return flags.replaceAll('+', '');
}

/** How to accept what is masked, by the words of portage.package.ebuild.getmaskingstatus. */
const unmasking: readonly (readonly [RegExp, Advice])[] = [
  [
    /license/,
    {
      builder:
        'accept the licence with ACCEPT_LICENSE in a file given as --make-conf, or let emerge do it: ' +
        '--emerge-option=--autounmask-license=y --emerge-option=--autounmask-continue=y',
      site: 'accept the licence in package.license of the portage branch',
    },
  ],
  [
    /missing keyword/,
    {
      builder:
        'it was never tried on this architecture: ACCEPT_KEYWORDS="**" in a file given as --make-conf builds it all the same',
      site: 'it was never tried on this architecture: ** in package.accept_keywords of the portage branch builds it all the same',
    },
  ],
  [
    /keyword/,
    {
      builder: `accept the keyword with ACCEPT_KEYWORDS in a file given as --make-conf, or let emerge do it: ${autounmask}`,
      site: 'accept the keyword in package.accept_keywords of the portage branch',
    },
  ],
  [
    /package\.mask/,
    {
      builder: `ask for another version, or let emerge unmask it: ${autounmask}`,
      site: 'ask for another version, or unmask it in package.unmask of the portage branch',
    },
  ],
];

const explainMasked: Explain = (lines) => {
  const line = lines.find((text) => /^(?:!!! )?All .+ that could satisfy ".+" .*have been masked/.test(text));
  if (line === undefined) return undefined;
  const choices = lines.filter((text) => /^- \S+ \(masked by: .+\)$/.test(text));
  const reasons = choices.map((choice) => firstMatch([choice], /masked by: (.+)\)$/) ?? '');
  const hint = unmasking.find(([pattern]) => reasons.some((reason) => pattern.test(reason)))?.[1];
  const notes = lines.filter((text) => /^(?:A copy of the '|#|\/\S+\/package\.mask:$)/.test(text));
  return {
    object: requiringPackage(lines) ?? quotedAtom(line),
    cause: choices.map((choice) => choice.slice(2)).join(', ') || 'all of its versions are masked',
    hint: hint ?? 'ask for another version',
    relevantLines: [line, ...choices, ...notes, ...requirers(lines)],
  };
};

const explainRequiredUse: Explain = (lines) => {
  const selected = section(lines, /^!!! The ebuild selected to satisfy ".+" has unmet requirements\.$/, /^$/);
  const constraints = section(lines, /REQUIRED_USE flag constraints are unsatisfied:$/, /^$/);
  if (selected[0] === undefined || constraints.length === 0) return undefined;
  const constraint = constraints.slice(1).map((text) => text.trim());
  return {
    object: quotedAtom(selected[0]),
    cause: `its REQUIRED_USE is not satisfied: ${constraint.join(' ')}`,
    hint: {
      builder: 'change the USE flags with --use',
      site: 'change the USE flags in package.use of the portage branch',
    },
    relevantLines: [...selected, ...constraints, ...requirers(lines)],
  };
};

/** USE flags, keywords, masks and licences that emerge would change, and was not allowed to. */
const explainNecessaryChanges: Explain = (lines) => {
  const pattern = /^The following (.+) changes are necessary to proceed:$/;
  const kind = firstMatch(lines, pattern);
  if (kind === undefined || lines.includes('Autounmask changes successfully written.')) return undefined;
  const relevantLines = section(lines, pattern, /^$/);
  const changes = relevantLines.slice(1).filter((text) => !/^[# ]/.test(text));
  const flags = new Set(changes.flatMap((change) => change.split(' ').slice(1)));
  return {
    object: firstMatch(relevantLines, /^# required by (\S+?)(?:::\S+)?(?: \(argument\))?$/) ?? '',
    cause: `it needs ${kind} changes: ${changes.join(', ')}`,
    hint:
      kind === 'USE'
        ? {
            builder: `change them with --use "${[...flags].join(' ')}", or let emerge do it: --emerge-option=--autounmask-continue=y`,
            site: `write them into package.use of the portage branch: ${changes.join(', ')}`,
          }
        : {
            builder: `let emerge make them: ${autounmask}`,
            site: `write them into the portage branch: ${changes.join(', ')}`,
          },
    relevantLines,
  };
};

const explainSlotConflict: Explain = (lines) => {
  const begin = lines.findIndex((line) => line.endsWith('resulting in a slot conflict:'));
  if (begin < 0) return undefined;
  const conflict = lines.slice(begin + 1).filter((line) => !/^[ ^]*$/.test(line));
  const versions = conflict.flatMap((line) => /^ {2}\(([^\s,:]+):\S+, /.exec(line)?.[1] ?? []);
  return {
    object: firstMatch(conflict, /^([^\s(]+\/[^\s(]+)$/) ?? '',
    cause: `slot conflict between ${[...new Set(versions)].join(' and ')}`,
    hint: {
      builder: 'build what needs the one without what needs the other, or try --emerge-option=--backtrack=100',
      site: 'put what needs the one and what needs the other into different sets, or settle for one version in package.mask of the portage branch',
    },
    relevantLines: [...lines.slice(Math.max(0, begin - 1), begin + 1), ...conflict],
  };
};

const explainCircularDependencies: Explain = (lines) => {
  const begin = lines.indexOf(' * Error: circular dependencies:');
  if (begin < 0) return undefined;
  const circle = lines.slice(begin).filter((line) => /^ *\(\S+, .+\)/.test(line));
  const packages = circle.map((line) => firstMatch([line], /\(([^\s,:]+)/) ?? '');
  return {
    object: packages[0] ?? '',
    cause: `circular dependencies: ${packages.join(' -> ')}`,
    hint: {
      builder: 'build once without the USE flag that closes the circle: --use="-flag"',
      site: 'build once without the USE flag that closes the circle, in package.use of the portage branch',
    },
    relevantLines: [...lines.slice(begin, begin + 1), ...circle],
  };
};

const explainBlocked: Explain = (lines) => {
  const blockers = lines.filter((line) => line.startsWith('[blocks B'));
  if (blockers.length === 0) return undefined;
  const causes = blockers.flatMap((line) => /\((".+" is (?:hard|soft) blocking .+)\)$/.exec(line)?.[1] ?? []);
  const pulledIn = section(lines, /^ \* Error: The above package list contains/, /^\[/).filter((line) => line !== '');
  return {
    object: firstMatch(causes, /blocking ([^\s,]+)/) ?? '',
    cause: `blocked: ${causes.join('; ')}`,
    hint: 'build them in different images, or ask for versions that do not block each other',
    relevantLines: [...blockers, ...pulledIn],
  };
};

const explainers: readonly Explain[] = [
  explainMissingUseFlag,
  explainMasked,
  explainRequiredUse,
  explainNecessaryChanges,
  explainSlotConflict,
  explainCircularDependencies,
  explainBlocked,
];
