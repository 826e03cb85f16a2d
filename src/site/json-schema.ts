import * as v from 'valibot';

/**
 * The part of JSON Schema (draft 7) that zentoo enforces and that site.schema.json is written in. `patternErrorMessage` is an
 * extension of editors: a description of the pattern.
 */
export interface JsonSchema {
  readonly $schema?: string | undefined;
  readonly $id?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** `#/definitions/<name>`; a schema with it has no other keyword than `description`. */
  readonly $ref?: string | undefined;
  /** Two schemas, the second one of an object; a schema with it has no other keyword than `description`. */
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'boolean' | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly additionalProperties?: false | JsonSchema | undefined;
  readonly propertyNames?: JsonSchema | undefined;
  readonly required?: readonly string[] | undefined;
  readonly minProperties?: number | undefined;
  readonly items?: JsonSchema | undefined;
  readonly minItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly pattern?: string | undefined;
  readonly patternErrorMessage?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly maximum?: number | undefined;
  /** 1: the number is a whole one. */
  readonly multipleOf?: number | undefined;
  readonly definitions?: Readonly<Record<string, JsonSchema>> | undefined;
}

/** Keywords that only describe a schema: they constrain nothing. */
const annotations = {
  $schema: v.optional(v.string()),
  $id: v.optional(v.string()),
  title: v.optional(v.string()),
  description: v.optional(v.string()),
};

const nested: v.GenericSchema<JsonSchema> = v.lazy(() => jsonSchema);
const nestedByName = v.optional(v.record(v.string(), nested));
const text = v.optional(v.string());
const count = v.optional(v.number());

const reference = v.strictObject({
  $ref: v.pipe(v.string(), v.startsWith('#/definitions/')),
  description: text,
});

const choice = v.strictObject({ anyOf: v.array(nested), description: text });

/** One object for each type, because a keyword of another type would constrain nothing. */
const types = {
  object: v.strictObject({
    ...annotations,
    type: v.literal('object'),
    properties: nestedByName,
    patternProperties: nestedByName,
    additionalProperties: v.union([v.literal(false), nested]),
    propertyNames: v.optional(nested),
    required: v.optional(v.array(v.string())),
    minProperties: v.optional(v.literal(1)),
    definitions: nestedByName,
  }),
  array: v.strictObject({
    ...annotations,
    type: v.literal('array'),
    items: nested,
    minItems: v.optional(v.literal(1)),
    uniqueItems: v.optional(v.boolean()),
  }),
  string: v.strictObject({
    ...annotations,
    type: v.literal('string'),
    enum: v.optional(v.array(v.string())),
    pattern: text,
    patternErrorMessage: text,
    minLength: v.optional(v.literal(1)),
    maxLength: count,
  }),
  number: v.strictObject({
    ...{ ...annotations, type: v.literal('number'), exclusiveMinimum: count, maximum: count },
    multipleOf: v.optional(v.literal(1)),
  }),
  boolean: v.strictObject({ ...annotations, type: v.literal('boolean') }),
};

const jsonSchema: v.GenericSchema<JsonSchema> = v.lazy((input) =>
  has(input, '$ref')
    ? reference
    : has(input, 'anyOf')
      ? choice
      : v.variant('type', [types.object, types.array, types.string, types.number, types.boolean]),
);

function has(input: unknown, keyword: string): boolean {
  return typeof input === 'object' && input !== null && keyword in input;
}

/**
 * Loads a schema. Throws an Error that names the place if the schema has a keyword that {@link JsonSchema} does not know,
 * because editors would show such a keyword and zentoo would not enforce it, or if it refers to a missing definition.
 */
export function loadJsonSchema(json: unknown): JsonSchema {
  const { success, output, issues } = v.safeParse(jsonSchema, json);
  const [issue] = issues ?? [];
  if (!success) throw new Error(`failed to load the schema: ${issue && v.getDotPath(issue)}: ${issue?.message}`);
  const missing = [...JSON.stringify(json).matchAll(/"\$ref":"#\/definitions\/([^"]*)"/g)].find(
    ([, name = '']) => output.definitions?.[name] === undefined,
  );
  if (missing) throw new Error(`failed to load the schema: there is no definition ${missing[1]}`);
  return output;
}
