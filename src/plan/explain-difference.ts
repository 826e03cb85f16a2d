import { createHash } from 'node:crypto';
import { abbreviate } from '../abbreviate.ts';
import type { Inputs } from './fingerprint.ts';

/** The longest value that is kept as it is in a label; of longer ones it is a digest, which tells as well that they differ. */
const longestValue = 120;

/** The longest label that is read, in UTF-16 code units; those that are written are far below. */
const longestLabel = 64 * 1024;

/** The inputs as the text of an image's label, from which {@link explainDifference} can say what has changed since. */
export function writeInputsLabel(inputs: Inputs): string {
  return JSON.stringify(shorten(inputs));
}

/** Reads such a label; undefined if it is none, for whoever can make images can write anything. */
export function readInputsLabel(text: string | undefined): Inputs | undefined {
  if (text === undefined || text.length > longestLabel) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value);
    return entries.every(([, item]) => typeof item === 'string') ? Object.fromEntries(entries) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What has changed from the inputs that an image was made from to the present ones, a sentence each without a full stop;
 * none if they are the same. The former ones come from a label.
 */
export function explainDifference(former: Inputs, present: Inputs): readonly string[] {
  const now = new Map(Object.entries(shorten(present)));
  const before = new Map(Object.entries(shorten(former)));
  const names = [...new Set([...now.keys(), ...before.keys()])].toSorted();
  const changed = names.filter((name) => before.get(name) !== now.get(name));
  // With another name, the commit of a branch and the id of a stage are others as well, which says nothing.
  const renamed = changed.filter((name) => /\/(?:branch|name)$/.test(name)).map((name) => name.replace(/[^/]+$/, ''));
  const telling = changed.filter(
    (name) => /\/(?:branch|name)$/.test(name) || !renamed.some((prefix) => name.startsWith(prefix)),
  );
  return telling.map((name) => describeChange(name, before.get(name), now.get(name), now));
}

function describeChange(
  name: string,
  before: string | undefined,
  now: string | undefined,
  all: ReadonlyMap<string, string>,
): string {
  const slash = name.indexOf('/');
  const kind = slash < 0 ? name : name.slice(0, slash);
  const rest = slash < 0 ? '' : name.slice(slash + 1);
  const moved = `moved from ${revision(before)} to ${revision(now)}`;
  const was = `${abbreviate(now ?? '')} instead of ${abbreviate(before ?? '')}`;
  switch (`${kind}/${rest}`) {
    case 'pipeline/':
      return 'this version of zentoo makes it otherwise';
    case 'stage/name':
      return `the stage is ${was}`;
    case 'stage/image':
      return `the stage's image is ${was}`;
    case 'stage/id':
      return `the stage ${all.get('stage/name') ?? ''} is another image: ${revision(now)} instead of ${revision(before)}`;
    case 'portage/branch':
    case 'buildhooks/branch':
      return `the ${kind} branch is ${was}`;
    case 'portage/commit':
    case 'buildhooks/commit':
      return `the ${kind} branch ${all.get(`${kind}/branch`) ?? ''} ${moved}`;
    case 'packages/':
      return `the set is ${was}`;
    case 'cross/':
      return now === 'yes' ? 'it is a cross build now' : 'it is no cross build any more';
    default:
      return describeMember(kind, rest, before, now, { moved, was });
  }
}

function describeMember(
  kind: string,
  name: string,
  before: string | undefined,
  now: string | undefined,
  { moved, was }: { readonly moved: string; readonly was: string },
): string {
  const called = abbreviate(name).slice(1, -1);
  if (kind === 'set' || kind === 'tree' || kind === 'hook') {
    if (before === undefined) return `the ${kind} ${called} is new`;
    if (now === undefined) return `the ${kind} ${called} is not used any more`;
    return `the ${kind} ${called} ${kind === 'tree' ? moved : 'changed'}`;
  }
  if (kind === 'cpu') return `the cpu's ${called} is ${was}`;
  return `${abbreviate(name === '' ? kind : `${kind} ${name}`).slice(1, -1)} is ${was}`;
}

/** An id, so short that it still can be recognised. */
function revision(text: string | undefined): string {
  if (text === undefined || text === '') return 'none';
  const id = /^(?:sha256:)?([0-9a-f]{12,})$/.exec(text)?.[1];
  return id === undefined ? abbreviate(text) : id.slice(0, 10);
}

function shorten(inputs: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, value.length > longestValue ? digestOf(value) : value]),
  );
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
