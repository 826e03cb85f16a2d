import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutMark, splitLines } from '../../../../src/portage/output/split-lines.ts';

async function* stream(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function linesOf(chunks: Iterable<Buffer | string>, maxLength?: number): Promise<readonly string[]> {
  const lines: string[] = [];
  const buffers = Array.from(chunks, (chunk) => Buffer.from(chunk));
  for await (const batch of splitLines(stream(buffers), maxLength)) lines.push(...batch);
  return lines;
}

test.each<[string, readonly string[], readonly string[]]>([
  ['nothing', [], []],
  ['empty chunks', ['', ''], []],
  ['one line', ['a\n'], ['a']],
  ['a last line without its end', ['a\nb'], ['a', 'b']],
  ['empty lines', ['\n\na\n\n'], ['', '', 'a', '']],
  ['a line in pieces', ['a', 'b', 'c\nd', 'e\n'], ['abc', 'de']],
  ['a line end at the beginning of a chunk', ['a', '\nb\n'], ['a', 'b']],
  ['carriage return and newline', ['a\r\nb\r\n'], ['a', 'b']],
  ['a line end of a terminal in raw mode', ['a\r\r\nb\r', '\r\n'], ['a', 'b']],
  ['the two in different chunks', ['a\r', '\nb\n'], ['a', 'b']],
  ['progress', ['10%\r50%\r100%\ndone\n'], ['100%', 'done']],
  ['progress in pieces', ['10%', '\r', '50', '%\r100', '%\r', '\n'], ['100%']],
  ['progress without an end', ['10%\r20%\r'], ['20%']],
])('%s', async (_name, chunks, lines) => {
  expect(await linesOf(chunks)).toEqual(lines);
});

test('keeps a character that is split between chunks', async () => {
  const bytes = Buffer.from('naïve ‘€’ 𝄞\nnext');
  for (let at = 0; at <= bytes.length; at++) {
    expect(await linesOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['naïve ‘€’ 𝄞', 'next']);
  }
});

test('replaces bytes that are not UTF-8', async () => {
  expect(await linesOf([Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0x80])])).toEqual(['a\uFFFD\uFFFD', '\uFFFD']);
});

test('cuts a line that is too long, and not the next one', async () => {
  expect(await linesOf(['abcdefgh\nij\n'], 4)).toEqual([`abcd${cutMark}`, 'ij']);
  expect(await linesOf(['ab', 'cd', 'ef', 'gh\nij\n'], 4)).toEqual([`abcd${cutMark}`, 'ij']);
  expect(await linesOf(['abcdef'], 4)).toEqual([`abcd${cutMark}`]);
  expect(await linesOf(['abcdefgh', 'ijkl\rxy\n'], 4)).toEqual(['xy']);
});

test('keeps only the beginning of a line of 64 MB in memory', async () => {
  const chunk = Buffer.alloc(65536, 'x');
  const before = process.memoryUsage();
  const chunks = (function* () {
    for (let count = 0; count < 1024; count++) yield chunk;
    yield Buffer.from('\nnext\n');
  })();
  const lines: string[] = [];
  for await (const batch of splitLines(stream(chunks))) lines.push(...batch);
  const after = process.memoryUsage();
  expect(lines).toEqual([`${'x'.repeat(8192)}${cutMark}`, 'next']);
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(16e6);
});

/** The same, said simply: over the whole text at once. */
function expectedLines(text: string, maxLength: number): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    const shown = line.replace(/\r+$/, '').replace(/^.*\r/s, '');
    return shown.length > maxLength ? shown.slice(0, maxLength) + cutMark : shown;
  });
}

test('gives the same lines for any chunks', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '\r'), maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(fc.nat(60), { maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      async (whole, cuts, maxLength) => {
        const borders = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length];
        const chunks = borders.slice(1).map((border, index) => whole.slice(borders[index], border));
        expect(await linesOf(chunks, maxLength)).toEqual(expectedLines(whole, maxLength));
      },
    ),
    { numRuns: 3000 },
  );
});
