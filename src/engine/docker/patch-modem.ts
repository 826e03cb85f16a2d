import type { IncomingMessage } from 'node:http';

/** Asks `GET /_ping`; resolves with the answer, of which only the headers are of use. */
export function pingWith(modem: { dial: unknown }, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { path: '/_ping', method: 'GET', isStream: true, statusCodes: { 200: true }, abortSignal: signal };
  (modem.dial as Dial)(options, (error, response) => {
    if (error) return reject(error);
    // The body is not needed.
    resolve((response as IncomingMessage).resume());
  });
  return promise;
}

type Dial = (
  options: { path: string; isStream?: boolean },
  callback: (error: unknown, result?: unknown) => void,
) => void;

/**
 * Makes a request fail if its connection ends in the middle of the answer. docker-modem itself never settles then, because it
 * only listens for the end of the answer; an example is `wait`, which sends its headers at once. So this function requests
 * each answer as a stream and collects it.
 */
export function rejectCutAnswers(modem: { dial: unknown }): void {
  const dial = (modem.dial as Dial).bind(modem);
  const collectingDial: Dial = (options, callback) => {
    if (options.isStream === true) return dial(options, callback);
    return dial({ ...options, isStream: true }, (error, response) => {
      if (error) callback(error);
      else collect(response as IncomingMessage).then((body) => callback(null, body), callback);
    });
  };
  modem.dial = collectingDial;
}

/**
 * Answers `absent` instead of sending a request whose path leads to another object: dockerode puts names into paths as they are, and
 * a name such as `../images/x` or an empty one, for example from a label, would reach an object of another kind.
 */
export function refuseStrayPaths(modem: { dial: unknown }): void {
  const dial = (modem.dial as Dial).bind(modem);
  const checkingDial: Dial = (options, callback) => {
    const [path = ''] = options.path.split('?');
    const isStray = path.split('/').some((part, index) => index > 0 && ['', '.', '..'].includes(part));
    if (isStray) callback(Object.assign(new Error('no such object: its name is a path'), { statusCode: 404 }));
    else dial(options, callback);
  };
  modem.dial = checkingDial;
}

async function collect(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
