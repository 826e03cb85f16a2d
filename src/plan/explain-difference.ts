import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { abbreviate } from '../abbreviate.ts';
import { parseJson } from '../parse-json.ts';
import type { Inputs } from './fingerprint.ts';

/** The longest value that a label has in full. A longer value is written as its digest, which shows a difference as well. */
const longestValue = 120;

/** The longest label that is read, in UTF-16 code units. Labels that zentoo writes are far shorter. */
const longestLabel = 64 * 1024;

/** Writes the inputs as an image's label, so that {@link explainDifference} can compare them with later inputs. */
export function writeInputsLabel(inputs: Inputs): string {
  return JSON.stringify(shorten(inputs));
}

/**
 * Reads a label that {@link writeInputsLabel} wrote. Returns undefined if the label has another form, because anyone can make
 * an image with such a label.
 */
export function readInputsLabel(text: string | undefined): Inputs | undefined {
  return text === undefined || text.length > longestLabel ? undefined : parseJson(inputsSchema, text);
}

const inputsSchema = v.pipe(
  v.unknown(),
  // To valibot, an array is a record of its positions.
  v.check((value) => !Array.isArray(value)),
  v.record(v.string(), v.string()),
);

/**
 * Explains the changes from the inputs of an image to the present inputs: one sentence per change, without a full stop. Returns
 * an empty list if nothing has changed. The former inputs come from a label.
 */
export function explainDifference(former: Inputs, present: Inputs): readonly string[] {
  const now = new Map(Object.entries(shorten(present)));
  const before = new Map(Object.entries(shorten(former)));
  const names = [...new Set([...now.keys(), ...before.keys()])].toSorted();
  const changed = names.filter((name) => before.get(name) !== now.get(name));
  // If the name of a branch or a stage changed, its commit or id changed as well: that change needs no sentence.
  const renamed = changed
    .filter((name) => /\/(?:branch|name)$/.test(name))
    .map((name) => name.slice(0, name.lastIndexOf('/') + 1));
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
      return 'this version of zentoo builds it differently';
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

/** Shortens a revision or an image id to its first ten digits. */
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
