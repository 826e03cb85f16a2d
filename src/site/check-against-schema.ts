import { isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { abbreviate } from '../abbreviate.ts';
import type { Place } from '../failure.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { JsonSchema } from './json-schema.ts';
import { didYouMean } from '../nearest-name.ts';
import type { YamlDocument } from './parse-yaml.ts';

/** The valid part of a document, and the positions of its values. */
export interface CheckedDocument {
  /** The document. An invalid value is replaced by undefined; its key or index stays. */
  readonly value: unknown;
  /** The position of the value at a path of keys and indices; if it is absent, the position of the nearest value above. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
}

/** Validates a YAML document. Each invalid value is reported as a diagnostic and left out. */
export function checkAgainstSchema(
  document: YamlDocument,
  schema: JsonSchema,
  diagnostics: Diagnostics,
): CheckedDocument {
  const places = new Map<string, Place>();
  const value = new Checker(document, schema, diagnostics, places).check(document.root, schema, []);
  const placeOf = (path: readonly (string | number)[]): Place =>
    places.get(JSON.stringify(path)) ??
    (path.length === 0 ? document.placeOf(document.root) : placeOf(path.slice(0, -1)));
  return { value, placeOf };
}

type Path = readonly (string | number)[];

class Checker {
  readonly #document: YamlDocument;
  readonly #root: JsonSchema;
  readonly #diagnostics: Diagnostics;
  readonly #places: Map<string, Place>;

  constructor(document: YamlDocument, root: JsonSchema, diagnostics: Diagnostics, places: Map<string, Place>) {
    this.#document = document;
    this.#root = root;
    this.#diagnostics = diagnostics;
    this.#places = places;
  }

  /** Returns the valid part of a node. Reports faults at `place`, by default the position of the node. */
  check(node: unknown, reference: JsonSchema, path: Path, place = this.#document.placeOf(node)): unknown {
    const resolved = this.#document.resolve(node);
    const schema = this.#dereference(reference, resolved);
    this.#places.set(JSON.stringify(path), place);
    const fault = (message: string) => this.#diagnostics.add(place, `${nameOf(path)} ${message}`);
    if (schema.type === 'object' && isMap(resolved)) return this.#checkMap(resolved, schema, path, fault);
    if (schema.type === 'array' && isSeq(resolved)) return this.#checkList(resolved, schema, path, fault);
    const value: unknown = isScalar(resolved) ? resolved.value : resolved;
    const typeFault = scalarTypeFault(resolved, value, schema);
    const message = typeFault ?? valueFault(value, schema);
    if (message === undefined) return value;
    fault(message);
    return undefined;
  }

  #checkMap(map: YAMLMap, schema: JsonSchema, path: Path, fault: (message: string) => void): unknown {
    const entries: [string, unknown][] = [];
    for (const { key, value } of map.items) {
      const keyNode = this.#document.resolve(key);
      const place = this.#document.placeOf(key);
      // The option stringKeys of the parser makes all keys texts.
      if (!isScalar(keyNode) || typeof keyNode.value !== 'string') this.#diagnostics.add(place, 'a key must be a name');
      else entries.push(...this.#checkEntry(keyNode.value, value, place, schema, path));
    }
    const keys = new Set(entries.map(([key]) => key));
    const missing = (schema.required ?? []).filter((key) => !keys.has(key));
    if (missing.length > 0) fault(`has no ${missing.join(', no ')}`);
    if (map.items.length < (schema.minProperties ?? 0)) fault('is empty');
    return Object.fromEntries(entries);
  }

  /** Returns a list of one key with its value, or an empty list for an unknown key. */
  #checkEntry(key: string, value: unknown, place: Place, schema: JsonSchema, path: Path): [string, unknown][] {
    const named = schema.propertyNames && valueFault(key, this.#dereference(schema.propertyNames));
    if (named !== undefined) this.#diagnostics.add(place, `the name ${abbreviate(key)} ${named}`);
    const valueSchema = schemaOfKey(key, schema);
    if (valueSchema === undefined) {
      const keys = Object.keys(schema.properties ?? {});
      const near = didYouMean(key, keys) || `; there are ${keys.join(', ')}`;
      this.#diagnostics.add(place, `there is no key ${abbreviate(key)} in ${nameOf(path)}${near}`);
      return [];
    }
    // An empty value has no visible position: use that of its key.
    const isEmpty = value === null || (isScalar(value) && value.value === null);
    return [[key, this.check(value, valueSchema, [...path, key], isEmpty ? place : undefined)]];
  }

  #checkList(list: YAMLSeq, schema: JsonSchema, path: Path, fault: (message: string) => void): unknown {
    const seen = new Set<string>();
    if (list.items.length < (schema.minItems ?? 0)) fault('is empty');
    return list.items.map((item, index) => {
      const value = this.check(item, schema.items ?? {}, [...path, index]);
      const word = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
      if (schema.uniqueItems === true && value !== undefined && seen.has(word))
        this.#diagnostics.add(this.#document.placeOf(item), `${abbreviate(word)} is in ${nameOf(path)} twice`);
      seen.add(word);
      return value;
    });
  }

  /** The schema to which one refers, or the one of several that may hold for a node. */
  #dereference(schema: JsonSchema, node?: unknown): JsonSchema {
    const name = schema.$ref?.replace('#/definitions/', '');
    if (name !== undefined) return this.#root.definitions?.[name] ?? {};
    const [first, second] = schema.anyOf ?? [];
    const chosen = isMap(node) ? second : first;
    return chosen === undefined ? schema : this.#dereference(chosen, node);
  }
}

function schemaOfKey(key: string, schema: JsonSchema): JsonSchema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  for (const [pattern, value] of Object.entries(schema.patternProperties ?? {}))
    if (new RegExp(pattern, 'u').test(key)) return value;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a map (key: value)',
  array: 'a list (- value)',
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
};

function scalarTypeFault(node: unknown, value: unknown, schema: JsonSchema): string | undefined {
  const isRight =
    typeof value === schema.type && value !== null && (typeof value !== 'number' || Number.isFinite(value));
  if (isRight && isScalar(node)) return undefined;
  const expected = typeNames[schema.type ?? ''] ?? 'something else';
  if (value === null || value === undefined) return `is empty; it must be ${expected}`;
  const quotes = schema.type === 'string' && isScalar(node) ? ': put it in quotes' : '';
  return `must be ${expected}, not ${describe(node, value)}${quotes}`;
}

function describe(node: unknown, value: unknown): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  return typeof value === 'string' ? `the text ${abbreviate(value)}` : String(value);
}

/** Describes the fault of a value of the right type; undefined if the value is valid. */
function valueFault(value: unknown, schema: JsonSchema): string | undefined {
  if (typeof value === 'number') {
    if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
      return `must be more than ${schema.exclusiveMinimum}`;
    if (schema.multipleOf === 1 && !Number.isInteger(value)) return 'must be a whole number';
    return schema.maximum !== undefined && value > schema.maximum ? `must be at most ${schema.maximum}` : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const length = Array.from(value).length;
  if (length < (schema.minLength ?? 0)) return 'is empty';
  if (length > (schema.maxLength ?? Infinity)) return `is longer than ${schema.maxLength} characters`;
  if (schema.enum && !schema.enum.includes(value))
    return `must be one of ${schema.enum.join(', ')}, not ${abbreviate(value)}${didYouMean(value, schema.enum)}`;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    return `is not ${schema.patternErrorMessage ?? schema.pattern}: ${abbreviate(value)}`;
  return undefined;
}

/** Formats a path for a message: `cpus.x86-64.CHOST`, `tuples[2]`. */
function nameOf(path: Path): string {
  if (path.length === 0) return 'site.yaml';
  const parts = path.map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${abbreviate(part).slice(1, -1)}`));
  return parts.join('').replace(/^\./, '');
}
