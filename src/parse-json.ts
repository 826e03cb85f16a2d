import { safeParse, type GenericSchema } from 'valibot';

/**
 * Reads JSON that comes from outside: from a program in a container, the engine, a label, or a file of an earlier run. Returns
 * undefined if the text is not JSON or does not match the schema. Keys that the schema does not name are left out.
 */
export function parseJson<Value>(schema: GenericSchema<unknown, Value>, text: string): Value | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { success, output } = safeParse(schema, json);
  return success ? output : undefined;
}

/**
 * Reads the JSON that a program in a container prints on the last line of its output: Portage may print messages before
 * it. Returns undefined as {@link parseJson} does.
 */
export function parseLastLineAsJson<Value>(schema: GenericSchema<unknown, Value>, output: string): Value | undefined {
  return parseJson(schema, output.trimEnd().split('\n').at(-1) ?? '');
}
