import { number, object } from 'valibot';
import { expect, it } from 'vitest';
import { parseJson } from '../../src/parse-json.ts';

const schema = object({ a: number() });

it('JSON that matches the schema is read, without keys that the schema does not name', () => {
  expect(parseJson(schema, '{"a":1,"b":2}')).toEqual({ a: 1 });
});

it.each(['', '{', '[]', 'null', '{"a":"1"}', '{}'])('%j is not read', (text) => {
  expect(parseJson(schema, text)).toBeUndefined();
});
