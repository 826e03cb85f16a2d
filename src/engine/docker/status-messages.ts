import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

import { nullish, number, object, string, type InferOutput } from 'valibot';

import { parseJson } from '../../parse-json.ts';
import { EngineRefusal } from '../refusal.ts';

const statusMessage = object({
  id: nullish(string(), ''),
  status: nullish(string(), ''),
  progressDetail: nullish(object({ current: nullish(number(), 0), total: nullish(number(), 0) }), {}),
  error: nullish(string()),
});

/** A line of the answer to a pull or an import. */
export type StatusMessage = InferOutput<typeof statusMessage>;

/**
 * Reads status messages until the answer ends. If a pull or an import fails, the HTTP status is already 200 and a message has
 * the error: the function throws it as an `EngineRefusal`. Throws the connection's error if the connection is cut.
 */
export async function followMessages(
  answer: IncomingMessage,
  onMessage: (message: StatusMessage) => void,
): Promise<void> {
  const lines = createInterface({ input: answer, crlfDelay: Infinity });
  // readline ignores errors of its input, and a cut connection must not look like the end of a pull.
  let cut: Error | undefined;
  answer.on('error', (error) => {
    cut = error;
    lines.close();
  });
  for await (const line of lines) {
    if (line === '') continue;
    const message = parseJson(statusMessage, line);
    const error = message === undefined ? `unexpected status message: ${line.slice(0, 200)}` : message.error;
    if (typeof error === 'string') {
      answer.destroy();
      throw new EngineRefusal(500, error);
    }
    if (message !== undefined) onMessage(message);
  }
  if (cut !== undefined) throw cut;
}
