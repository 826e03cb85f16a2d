import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { EngineRefusal } from '../refusal.ts';

/** The hijacked connection, a plain stream in both directions. Throws if the answer was an HTTP response instead. */
export function hijacked(stream: Duplex): Socket {
  if (!(stream instanceof Socket)) {
    stream.destroy();
    throw new EngineRefusal(200, 'the engine did not upgrade the connection to a stream; is there a proxy in between?');
  }
  // Errors are ignored: a connection that fails ends, and readers handle the end.
  stream.on('error', () => undefined);
  stream.setKeepAlive(true, 15_000);
  return stream;
}

/** Writes, and settles when the socket takes more or has ended. */
export async function send(socket: Socket, data: Uint8Array): Promise<void> {
  if (!socket.writable || socket.write(data)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle);
      resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
}

/** The milliseconds in which the rest of the input must be sent after a connection is closed. */
const sendLimitMs = 2000;

/** Returns functions that write to a connection and close it. Both do nothing if the connection is gone. */
export function inputOf(socket: Socket): { write(data: Uint8Array): void; close(): void } {
  return {
    write(data) {
      if (socket.writable) socket.write(data);
    },
    close() {
      socket.destroySoon();
      // Bytes that cannot be sent after the engine was cut off would keep the connection open for 15 minutes.
      setTimeout(() => socket.destroy(), sendLimitMs).unref();
    },
  };
}
