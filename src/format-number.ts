import { abbreviate } from './abbreviate.ts';
import { Failure } from './failure.ts';

/**
 * Reads the number of the format of a kept object. An object without a number has the first format, as all objects of version 0.1.0.
 * Returns NaN, which is no known format, if the text is not a number. docs/upgrading.md lists the formats.
 */
export function parseFormat(text: string | undefined): number {
  return /^[1-9]\d{0,5}$/.test(text ?? '1') ? Number(text ?? '1') : Number.NaN;
}

/**
 * Reads the number of the format of `what`, an object that `program` keeps. Throws `format-unknown` if this program does not know the
 * format; `known` is the newest format that it knows.
 */
export function requireFormat(
  text: string | undefined,
  { what, known, program }: { readonly what: string; readonly known: number; readonly program: string },
): number {
  const format = parseFormat(text);
  if (format <= known) return format;
  if (Number.isNaN(format))
    throw new Failure(
      'format-unknown',
      `failed to use ${what}: its format is ${abbreviate(text ?? '')}, which is no number`,
      { hint: 'remove it if nobody needs it; nothing was changed' },
    );
  throw new Failure(
    'format-unknown',
    `failed to use ${what}: it has the format ${text ?? ''}, and this ${program} knows formats up to ${known}`,
    { hint: `use the ${program} that wrote it, or a newer one; nothing was changed` },
  );
}
