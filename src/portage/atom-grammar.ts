import { useDependencyFault } from './use-dependency.ts';

const operatorPattern = /^(?:[<>]=?|[=~])/;
const categoryPattern = /^\w[\w+.-]*$/;
const packageNamePattern = /^\w[\w+-]*$/;
const versionPattern = /^\d+(?:\.\d+)*[a-z]?(?:_(?:pre|p|beta|alpha|rc)\d*)*$/;
const revisionPattern = /^r\d+$/;
const slotPattern = /^(?:(\w[\w+.-]*)(?:\/\w[\w+.-]*)?)?([*=])?$/;
const repositoryPattern = /^\w[\w-]*$/;

/**
 * Tells why emerge would refuse a text as an atom; undefined if the text is an atom. The grammar is that of
 * `portage.dep.Atom` in Portage 3.0.83, without blockers and without wildcards (`*` as a name or category). The function
 * reads from left to right; Portage uses a regular expression whose preferences decide where a version begins.
 */
export function atomFault(text: string): string | undefined {
  const bracket = text.indexOf('[');
  const withoutUse = bracket < 0 ? text : text.slice(0, bracket);
  const colon = withoutUse.indexOf(':');
  const head = colon < 0 ? withoutUse : withoutUse.slice(0, colon);
  return (
    versionedNameFault(head, text) ??
    (colon < 0 ? undefined : slotAndRepositoryFault(withoutUse.slice(colon))) ??
    (bracket < 0 ? undefined : useDependencyFault(text.slice(bracket)))
  );
}

/** Checks the part before slot, repository and USE dependencies. The whole text is used only for the suggestion. */
function versionedNameFault(head: string, text: string): string | undefined {
  const operator = operatorPattern.exec(head)?.[0] ?? '';
  const star = head.endsWith('*');
  const operand = head.slice(operator.length, star ? -1 : undefined);
  const slash = operand.indexOf('/');
  const name = operand.slice(slash + 1);
  if (operand.includes('*') || (star && operator !== '='))
    return 'a * may stand only at the end of a version after =, like =net-misc/curl-8*';
  if (slash >= 0 && !categoryPattern.test(operand.slice(0, slash)))
    return nameFault('category', operand.slice(0, slash), '_ + . -');
  if (name.includes('/')) return 'there is more than one / in it: a package is category/name';

  const { packageName, version, buildId } = splitName(name);
  if (!packageNamePattern.test(packageName)) return nameFault('package', packageName, '_ + -');
  if (operator === '') return version === '' ? undefined : `a version needs an operator: =${text}`;
  if (version === '') return `${operator} needs a version, like ${operator}net-misc/curl-8.1.0`;
  if (buildId === undefined) return undefined;
  if (star) return 'a * cannot follow a build id';
  return /^(?:0|[1-9]\d*)$/.test(buildId) ? undefined : `two versions at its end: ${version} and ${buildId}`;
}

/**
 * Splits a text into a name, a version and a build id. The shortest name wins: `a-1-2` is version 1 with build id 2, not
 * version 2 of `a-1`. A name is never empty: `1-2` is version 2 of `1`.
 */
function splitName(name: string): { packageName: string; version: string; buildId: string | undefined } {
  const tokens = name.split('-');
  const last = versionStart(tokens, tokens.length);
  if (last === undefined) return { packageName: name, version: '', buildId: undefined };
  const first = versionStart(tokens, last);
  const join = (start: number, end?: number) => tokens.slice(start, end).join('-');
  return first === undefined
    ? { packageName: join(0, last), version: join(last), buildId: undefined }
    : { packageName: join(0, first), version: join(first, last), buildId: join(last) };
}

/** Whether an atom names a build of a binary package: `=net-misc/curl-8.1.0-2` is build 2 of version 8.1.0. */
export function hasBuildId(atom: string): boolean {
  const [head = ''] = atom.split(/[:[]/, 1);
  return splitName(head.slice(head.indexOf('/') + 1)).buildId !== undefined;
}

/** The index at which the version that ends before `end` begins; undefined if there is no version, or nothing before it. */
function versionStart(tokens: readonly string[], end: number): number | undefined {
  const start = revisionPattern.test(tokens[end - 1] ?? '') ? end - 2 : end - 1;
  return start > 0 && versionPattern.test(tokens[start] ?? '') ? start : undefined;
}

function nameFault(kind: 'category' | 'package', name: string, punctuation: string): string {
  if (name === '') return `the ${kind} is missing: a package is category/name, like net-misc/curl`;
  return `a ${kind} name has only letters, digits and ${punctuation}, and begins with a letter, a digit or _`;
}

/** Checks the part from the first colon on: `:slot`, `:slot/subslot=`, `::repository`, `:slot::repository`. */
function slotAndRepositoryFault(tail: string): string | undefined {
  const separator = tail.indexOf('::');
  if (separator >= 0 && !repositoryPattern.test(tail.slice(separator + 2)))
    return 'after :: comes the name of a repository, like ::gentoo';
  const slot = separator < 0 ? tail.slice(1) : tail.slice(1, separator);
  if (separator === 0) return undefined;
  const match = slotPattern.exec(slot);
  if (slot === '' || !match) return 'after : comes a slot, like :0, :0/1.2, :0= or :=';
  return match[1] !== undefined && match[2] === '*' ? 'a slot is followed by = or nothing; :* stands alone' : undefined;
}
