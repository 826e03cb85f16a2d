const newline = 0x0a;
const carriageReturn = 0x0d;

/** The end of a line that was cut because it was too long. */
export const cutMark = ' [line cut]';

/**
 * Splits a stream of bytes into lines without line ends, and yields all lines that a chunk completes together. Of a line,
 * only the text that a terminal would show is kept: the text after its last carriage return. A line longer than `maxLength`
 * (bytes while it is collected, then characters) is cut and ends with {@link cutMark}; memory use is limited by `maxLength`.
 * Bytes that are not UTF-8 become U+FFFD. The last line needs no line end.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxLength = 8192,
): AsyncGenerator<readonly string[], void, undefined> {
  const unfinished = new UnfinishedLine(maxLength);
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(newline);
    if (last < 0) {
      unfinished.add(chunk);
      continue;
    }
    const first = unfinished.isEmpty ? -1 : chunk.indexOf(newline);
    if (first >= 0) unfinished.add(chunk.subarray(0, first));
    const finished = first >= 0 ? [unfinished.take()] : [];
    const lines = first === last ? finished : [...finished, ...decodeLines(chunk.subarray(first + 1, last), maxLength)];
    unfinished.add(chunk.subarray(last + 1));
    yield lines;
  }
  if (!unfinished.isEmpty) yield [unfinished.take()];
}

/** Decodes a run of complete lines at once, because decoding line by line is slow. */
function decodeLines(run: Buffer, maxLength: number): readonly string[] {
  const lines = run.toString('utf8').split('\n');
  const rewritten = run.includes(carriageReturn);
  if (!rewritten && lines.every((line) => line.length <= maxLength)) return lines;
  // A substring keeps the whole string in memory: a copy does not.
  return lines.map((line) => {
    const shown = rewritten ? afterCarriageReturn(line) : line;
    return copy(shown.length > maxLength ? shown.slice(0, maxLength) + cutMark : shown);
  });
}

function afterCarriageReturn(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end--;
  return line.slice(end === 0 ? 0 : line.lastIndexOf('\r', end - 1) + 1, end);
}

const copy = (text: string): string => Buffer.from(text).toString('utf8');

/** A line whose end has not arrived yet. */
class UnfinishedLine {
  readonly #maxLength: number;
  #parts: Buffer[] = [];
  #length = 0;
  #cut = false;
  /** Whether the text ends with carriage returns: part of a line end, or the end of a progress message. */
  #returned = false;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get isEmpty(): boolean {
    return this.#length === 0 && !this.#cut && !this.#returned;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    let end = bytes.length;
    while (bytes[end - 1] === carriageReturn) end--;
    const text = bytes.subarray(0, end);
    const restart = text.lastIndexOf(carriageReturn) + 1;
    if (restart > 0 || (this.#returned && text.length > 0)) this.#clear();
    this.#returned = end < bytes.length || (this.#returned && end === 0);
    const fitting = text.subarray(restart, restart + this.#maxLength - this.#length);
    this.#cut ||= restart + fitting.length < text.length;
    if (fitting.length === 0) return;
    // A slice keeps the whole chunk in memory: a copy does not.
    this.#parts.push(Buffer.from(fitting));
    this.#length += fitting.length;
  }

  take(): string {
    const text = Buffer.concat(this.#parts).toString('utf8') + (this.#cut ? cutMark : '');
    this.#clear();
    return text;
  }

  #clear(): void {
    this.#parts = [];
    this.#length = 0;
    this.#cut = false;
    this.#returned = false;
  }
}
