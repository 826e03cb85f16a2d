/** The length of the longest request line that is looked at. */
const longest = 8192;

/** The first line of a request of HTTP/1.1; undefined if its end did not come yet, empty if it is too long. */
export function requestLine(begin: Buffer): string | undefined {
  const end = begin.subarray(0, longest).indexOf('\r\n');
  if (end !== -1) return begin.subarray(0, end).toString('latin1');
  return begin.length < longest ? undefined : '';
}

/** Whether a request attaches to the standard input of a container: `POST /v1.41/containers/ID/attach?stdin=1` and its like. */
export function attachesInput(line: string): boolean {
  const [method, target = ''] = line.split(' ');
  const url = URL.parse(target, 'http://engine');
  if (method !== 'POST' || url === null) return false;
  if (!/^(?:\/v[\d.]+)?\/containers\/[^/]+\/attach$/.test(url.pathname)) return false;
  return ['1', 'true', 'True', 'TRUE', 't', 'T'].includes(url.searchParams.get('stdin') ?? '');
}
