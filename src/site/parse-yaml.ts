import { isAlias, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument, type Node } from 'yaml';
import type { Place } from '../failure.ts';
import { startOf, type Diagnostics } from './diagnostics.ts';

/** A valid YAML document with resolved aliases. */
export interface YamlDocument {
  readonly root: Node | null;
  /** Whether all keys are unique. If a map has a key twice, it is unknown which value the user wants. */
  readonly isWhole: boolean;
  /** The node that an alias refers to; any other node itself. */
  readonly resolve: (node: unknown) => unknown;
  /** The position at which a node begins. */
  readonly placeOf: (node: unknown) => Place;
}

/** The limit of values in a document with expanded aliases; a site with a thousand tuples has 10,000. */
const mostValues = 50_000;

const tooDeep = 'it is nested too deeply';

/**
 * Parses a YAML 1.2 document, and reports a key that a map has twice. Returns undefined, and reports why, if the document is
 * damaged, or has aliases that contain themselves or expand to too many values
 * (https://en.wikipedia.org/wiki/Billion_laughs_attack).
 */
export function parseYaml(text: string, file: string, diagnostics: Diagnostics): YamlDocument | undefined {
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const placeOf = (node: unknown) => placeAt(startOfNode(node));
  try {
    // The parser compares each key of a map with all others, which takes minutes for 60,000 keys.
    const options = { schema: 'core', stringKeys: true, uniqueKeys: false } as const;
    const document = parseDocument(text, { lineCounter, prettyErrors: false, ...options });
    const faults = [...document.errors, ...document.warnings];
    const exhausted = faults.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
    for (const { pos, message } of exhausted ? [] : faults)
      diagnostics.add(placeAt(pos[0]), message.split('\n', 1)[0] ?? '');
    if (exhausted) diagnostics.add(placeAt(exhausted.pos[0]), tooDeep);
    if (faults.length > 0) return undefined;
    const report: ReportFault = (node, message) => diagnostics.add(placeOf(node), message);
    const duplicates = findDuplicateKeys(document.contents);
    for (const key of duplicates) report(key, 'Map keys must be unique');
    const before = diagnostics.count;
    const targets = resolveAliases(document.contents, report);
    const resolve = (node: unknown) => (isAlias(node) ? targets.get(node) : node);
    const size = measure(document.contents, resolve, report);
    if (size > mostValues && diagnostics.count === before)
      report(document.contents, `there are more than ${mostValues} values in it`);
    return diagnostics.count > before
      ? undefined
      : { root: document.contents, isWhole: duplicates.length === 0, resolve, placeOf };
  } catch (error) {
    // A document that is nested thousands of levels deep exhausts the stack.
    if (!(error instanceof RangeError)) throw error;
    diagnostics.add(startOf(file), tooDeep);
    return undefined;
  }
}

function startOfNode(node: unknown): number {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
}

/** The keys that their map has before; every key is a text. */
function findDuplicateKeys(root: unknown): readonly unknown[] {
  const duplicates: unknown[] = [];
  const visit = (node: unknown): void => {
    if (isPair(node)) visit(node.value);
    if (!isCollection(node)) return;
    const seen = new Set<unknown>();
    for (const item of isMap(node) ? node.items : []) {
      const key = isScalar(item.key) ? item.key.value : item.key;
      if (seen.has(key)) duplicates.push(item.key);
      seen.add(key);
    }
    node.items.forEach(visit);
  };
  visit(root);
  return duplicates;
}

type ReportFault = (node: unknown, message: string) => void;

/** Maps each alias to its node. One pass suffices, because an alias refers to the last anchor of its name before it. */
function resolveAliases(root: unknown, report: ReportFault): ReadonlyMap<unknown, unknown> {
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  const visit = (node: unknown): void => {
    if (isAlias(node)) {
      if (!anchors.has(node.source)) report(node, `there is no anchor &${node.source} before this alias`);
      targets.set(node, anchors.get(node.source));
    } else if (isPair(node)) [node.key, node.value].forEach(visit);
    else if (typeof node === 'object' && node !== null) {
      if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, node);
      if (isCollection(node)) node.items.forEach(visit);
    }
  };
  visit(root);
  return targets;
}

/** Counts the values of a document with expanded aliases, and reports aliases that expand to too many. */
function measure(root: unknown, resolve: (node: unknown) => unknown, report: ReportFault): number {
  const sizes = new Map<unknown, number>();
  const open = new Set<unknown>();
  const sizeOf = (node: unknown): number => {
    if (isPair(node)) return sizeOf(node.key) + sizeOf(node.value);
    if (isAlias(node)) return sizeOfAlias(node);
    if (!isCollection(node)) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    open.add(node);
    const size = node.items.reduce((sum: number, item: unknown) => sum + sizeOf(item), 1);
    open.delete(node);
    sizes.set(node, size);
    return size;
  };
  const sizeOfAlias = (node: { source: string }): number => {
    const target = resolve(node);
    if (open.has(target)) {
      report(node, `the alias *${node.source} contains itself: it would expand without end`);
      return 1;
    }
    const size = sizeOf(target);
    if (size <= mostValues) return size;
    report(node, `the alias *${node.source} expands to more than ${mostValues} values`);
    return 1;
  };
  return sizeOf(root);
}
