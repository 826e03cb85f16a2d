import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interruption, throwIfInterrupted } from './interruption.js';

/**
 * Does work while no other process on this machine does work of the same name. The lock is a listening socket. It disappears
 * with its holder in any case, and the kernel tells waiting processes immediately.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, work) {
  const address = lockAddress(name);
  for (let announced = false; ; announced = true) {
    const release = await tryListen(address);
    if (release !== undefined) {
      try {
        return await work();
      } finally {
        await release();
      }
    }
    if (!announced) process.stderr.write('waiting for another set-up on this machine to finish\n');
    await waitForHolder(address);
    throwIfInterrupted('wait for another set-up');
  }
}

/**
 * An abstract socket on Linux, which leaves no file behind; elsewhere a socket in the temporary directory.
 * @param {string} name
 */
function lockAddress(name) {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const base = `gentoo-builder-setup-${digest}`;
  return process.platform === 'linux' ? `\0${base}` : join(tmpdir(), `${base}.sock`);
}

/**
 * @param {string} address
 * @returns {Promise<(() => Promise<void>) | undefined>} a function that releases the lock; undefined if another process holds
 * it
 */
function tryListen(address) {
  return new Promise((resolve, reject) => {
    /** @type {Set<import('node:net').Socket>} */
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket.on('error', () => socket.destroy()).on('close', () => waiting.delete(socket)));
      socket.resume();
    });
    const release = () =>
      /** @type {Promise<void>} */ (
        new Promise((released) => {
          server.close(() => released());
          for (const socket of waiting) socket.destroy();
        })
      );
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(release));
  });
}

/**
 * @param {string} address
 * @returns {Promise<void>} settled when its holder is gone, or set-up is interrupted
 */
function waitForHolder(address) {
  return new Promise((resolve) => {
    const socket = connect(address).resume();
    const leave = () => socket.destroy();
    interruption.addEventListener('abort', leave);
    socket.on('error', (error) => {
      // A killed holder left a socket file without a listener.
      if ('code' in error && error.code === 'ECONNREFUSED' && !address.startsWith('\0')) unlinkSync(address);
    });
    socket.on('close', () => {
      interruption.removeEventListener('abort', leave);
      resolve();
    });
  });
}
