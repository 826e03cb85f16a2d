/**
 * The longest value of one label in bytes, before quoting. Docker refuses a Dockerfile line of more than 65,535 bytes
 * (`moby/buildkit`, `frontend/dockerfile/parser`), and quoting at most doubles a value.
 */
const longestPart = 32_000;

/** The names of the labels of a value: `key`, `key.2`, `key.3`, ... */
const partName = (key: string, position: number): string => (position === 0 ? key : `${key}.${position + 1}`);

/**
 * The labels of an image. A value that is too long for one Dockerfile instruction becomes several labels, `key`, `key.2`, ...;
 * {@link readLabel} joins them. `inherited` are the labels of the base: further parts that its image left are blanked.
 */
export function splitLabels(
  labels: Readonly<Record<string, string>>,
  inherited: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const written = new Map<string, string>();
  for (const [key, value] of Object.entries(labels)) {
    const parts = splitText(value);
    for (const [position, part] of parts.entries()) written.set(partName(key, position), part);
    for (let left = parts.length; inherited[partName(key, left)] !== undefined; left++)
      written.set(partName(key, left), '');
  }
  return Object.fromEntries(written);
}

/** The Dockerfile instructions for the labels of an image, each on a line that Docker takes. */
export function labelInstructions(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(splitLabels(labels)).map(([key, value]) => `LABEL ${key}=${quoteLabel(value)}`);
}

/** Reads a label of an image that {@link splitLabels} wrote; undefined if the image does not have it. */
export function readLabel(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  const parts: string[] = [];
  for (let part = labels[key]; part !== undefined; part = labels[partName(key, parts.length)]) parts.push(part);
  return parts.length === 0 ? undefined : parts.join('');
}

/** Splits a text into parts of at most `longestPart` bytes, between characters; an empty text is one part. */
function splitText(text: string): readonly string[] {
  if (Buffer.byteLength(text) <= longestPart) return [text];
  const parts: string[] = [];
  let part = '';
  let bytes = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > longestPart) {
      parts.push(part);
      [part, bytes] = ['', 0];
    }
    part += character;
    bytes += size;
  }
  return [...parts, part];
}

/** Puts a value in double quotes and escapes the characters that Dockerfile grammar would expand. */
function quoteLabel(value: string): string {
  return `"${value.replaceAll(/["\\$]/g, String.raw`\$&`)}"`;
}
