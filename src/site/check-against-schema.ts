import { isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { abbreviate } from '../abbreviate.ts';
import type { Place } from '../failure.ts';
import type { Diagnostics } from './diagnostics.ts';
import { didYouMean } from './nearest-name.ts';
import type { YamlDocument } from './parse-yaml.ts';

/** The part of JSON Schema (draft 7) that site.schema.json is written in. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  /** What the pattern stands for, as editors show it too. */
  readonly patternErrorMessage?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** A document as far as it is as its schema says, and where in it everything is. */
export interface CheckedDocument {
  /** A value that is not as the schema says is undefined, under its key or in its place in the list. */
  readonly value: unknown;
  /** Where the value at a path of keys and indices begins; the nearest one that there is. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
}

/** Holds a YAML document against a schema; what is not as the schema says is a diagnostic, and left out. */
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

  /** The value of a node, as far as it is right; where it is not as the schema says, a diagnostic at `place` or, without one, at the node. */
  check(node: unknown, reference: JsonSchema, path: Path, place = this.#document.placeOf(node)): unknown {
    const schema = this.#dereference(reference);
    const resolved = this.#document.resolve(node);
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
      // The parser was told that keys are texts.
      if (!isScalar(keyNode) || typeof keyNode.value !== 'string') this.#diagnostics.add(place, 'a key must be a name');
      else entries.push(...this.#checkEntry(keyNode.value, value, place, schema, path));
    }
    const keys = new Set(entries.map(([key]) => key));
    const missing = (schema.required ?? []).filter((key) => !keys.has(key));
    if (missing.length > 0) fault(`has no ${missing.join(', no ')}`);
    if (map.items.length < (schema.minProperties ?? 0)) fault('is empty');
    return Object.fromEntries(entries);
  }

  /** A key and its value, as a list of one; empty for a key that there is not. */
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
    // An empty value has no place of its own that a reader would find.
    const isEmpty = value === null || (isScalar(value) && value.value === null);
    return [[key, this.check(value, valueSchema, [...path, key], isEmpty ? place : undefined)]];
  }

  #checkList(list: YAMLSeq, schema: JsonSchema, path: Path, fault: (message: string) => void): unknown {
    const seen = new Set<unknown>();
    if (list.items.length < (schema.minItems ?? 0)) fault('is empty');
    return list.items.map((item, index) => {
      const value = this.check(item, schema.items ?? {}, [...path, index]);
      if (schema.uniqueItems === true && seen.has(value))
        this.#diagnostics.add(this.#document.placeOf(item), `${abbreviate(String(value))} is in ${nameOf(path)} twice`);
      seen.add(value);
      return value;
    });
  }

  #dereference(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.replace('#/definitions/', '');
    return name === undefined ? schema : (this.#root.definitions?.[name] ?? {});
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

/** What is wrong with a value of the right type. */
function valueFault(value: unknown, schema: JsonSchema): string | undefined {
  if (typeof value === 'number') {
    if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
      return `must be more than ${schema.exclusiveMinimum}`;
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

/** A path as a reader would say it: `cpus.x86-64.CHOST`, `tuples[2]`. */
function nameOf(path: Path): string {
  if (path.length === 0) return 'site.yaml';
  const parts = path.map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${abbreviate(part).slice(1, -1)}`));
  return parts.join('').replace(/^\./, '');
}
