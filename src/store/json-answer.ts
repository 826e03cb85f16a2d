/** Whether a JSON value is an object, and no list. */
export function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** The elements of a JSON list; undefined if it is none, or one of its elements is not as expected. */
export function listOf<Element>(
  json: unknown,
  parse: (element: unknown) => Element | undefined,
): readonly Element[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const elements = json.map(parse);
  return elements.every((element) => element !== undefined) ? elements : undefined;
}
