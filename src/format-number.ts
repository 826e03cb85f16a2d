/**
 * Reads the number of the format of a kept object. An object without a number has the first format, as all objects of version 0.1.0.
 * Returns NaN, which is no known format, if the text is not a number. docs/upgrading.md lists the formats.
 */
export function parseFormat(text: string | undefined): number {
  return /^[1-9]\d{0,5}$/.test(text ?? '1') ? Number(text ?? '1') : Number.NaN;
}
