import { rawDocker } from './real-engine.ts';

/**
 * Waits until the log of a container matches a pattern. Returns the log so far.
 * @throws Error if the container ends before
 */
export async function untilSaid(container: string, pattern: RegExp): Promise<string> {
  const follow = new AbortController();
  const log = await rawDocker()
    .getContainer(container)
    .logs({ stdout: true, stderr: true, follow: true, abortSignal: follow.signal });
  let text = '';
  for await (const chunk of log) {
    text += chunk.toString();
    if (pattern.test(text)) {
      follow.abort();
      return text;
    }
  }
  throw new Error(`${container} ended without saying ${pattern}:\n${text}`);
}
