/** The number of bytes of a request line that are looked at. */
const longest = 8192;

const methods = ['POST ', 'GET '];

/** Whether bytes begin as the request line of an attachment does, as far as they came. */
export function mayAttach(begin: Buffer): boolean {
  const text = begin.toString('latin1', 0, longest);
  return methods.some((method) => text.startsWith(method.slice(0, text.length)));
}

/** The first line of a request of HTTP/1.1, cut after 8192 bytes; undefined if its end did not come yet. */
export function requestLine(begin: Buffer): string | undefined {
  const end = begin.subarray(0, longest).indexOf('\n');
  if (end === -1 && begin.length < longest) return undefined;
  return begin.toString('latin1', 0, end === -1 ? longest : end).trimEnd();
}

/**
 * Whether a request attaches to the standard input of a container: `POST /v1.41/containers/ID/attach?stdin=1` and its like, read as the
 * engine reads them (moby, api/server/httputils/form.go: `BoolValue`). A line that was cut may do so.
 */
export function attachesInput(line: string): boolean {
  const [, target = ''] = line.split(' ');
  const url = URL.parse(target, 'http://engine');
  if (url === null || !attachment.test(decoded(url.pathname))) return false;
  const value = (url.searchParams.get('stdin') ?? '').trim().toLowerCase();
  return line.length >= longest || !['', '0', 'no', 'false', 'none'].includes(value);
}

const attachment = /^(?:\/v[\d.]+)?\/containers\/.+\/attach(?:\/ws)?$/;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
