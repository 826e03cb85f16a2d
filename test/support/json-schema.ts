import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const document = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');

/** The JSON Schema of a section of docs/json.md, by its heading. */
function schemaOf(heading: string): object {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const schema: unknown = JSON.parse(/^```json\n([^]*?)^```$/m.exec(section)?.[1] ?? '""');
  if (typeof schema !== 'object' || schema === null) throw new Error(`docs/json.md has no schema of ${heading}`);
  return schema;
}

/** The violations of an output against the schema in its section of docs/json.md; empty if it matches. */
export function faultsByDocument(heading: string, output: string): readonly string[] {
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schemaOf(heading));
  validate(JSON.parse(output));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
