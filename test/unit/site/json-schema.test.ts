import { expect, test } from 'vitest';
import { loadJsonSchema } from '../../../src/site/json-schema.ts';
import schema from '../../../src/site/site.schema.json' with { type: 'json' };

const object = { type: 'object', additionalProperties: false };
const withProperty = (property: unknown) => ({ ...object, properties: { name: property } });

test('loads the schema of site.yaml as it is', () => {
  expect(loadJsonSchema(schema)).toEqual(schema);
});

test.each<[string, unknown, string]>([
  ['a keyword of draft 7 that is not enforced', withProperty({ type: 'string', format: 'uri' }), 'properties.name'],
  ['a misspelt keyword', withProperty({ type: 'string', maxLenght: 3 }), 'properties.name.maxLenght'],
  ['a keyword of another type', withProperty({ type: 'string', maximum: 3 }), 'properties.name.maximum'],
  ['a keyword beside $ref', withProperty({ $ref: '#/definitions/a', minLength: 1 }), 'properties.name.minLength'],
  ['a reference to another file', withProperty({ $ref: 'other.json' }), 'properties.name'],
  ['a type that no value has', withProperty({ type: 'integer' }), 'properties.name.type'],
  ['a minimum that the reader would call empty', { ...object, minProperties: 2 }, 'minProperties'],
  ['a keyword within a list', { type: 'array', items: { type: 'string', contains: 1 } }, 'items.contains'],
  [
    'a keyword within a pattern property',
    { ...object, patternProperties: { '^a': { type: 'number', minimum: 0 } } },
    'patternProperties.^a.minimum',
  ],
  [
    'a keyword within a definition',
    { ...object, definitions: { a: { type: 'boolean', const: true } } },
    'definitions.a',
  ],
  ['no schema', 'x', 'failed to load the schema'],
])('refuses %s', (_what, json, place) => {
  expect(() => loadJsonSchema(json)).toThrow(place);
});

test('refuses a reference to a definition that is missing', () => {
  expect(() => loadJsonSchema(withProperty({ $ref: '#/definitions/nowhere' }))).toThrow(
    'there is no definition nowhere',
  );
});
