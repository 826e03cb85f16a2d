import fc from 'fast-check';

const surrogates = { first: 0xd800, count: 0x800 };

/** A character of any kind, as fast-check's own unit `binary`, which takes a second to be made. */
const anyCharacter = fc
  .nat(0x10ffff - surrogates.count)
  .map((code) => String.fromCodePoint(code < surrogates.first ? code : code + surrogates.count));

/** A string of characters of any kind. */
export function anyString(constraints: Omit<fc.StringConstraints, 'unit'> = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: anyCharacter });
}
