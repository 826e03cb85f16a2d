import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { connectTerminal } from '../../../src/terminal/connect-terminal.ts';
import { openTerminal } from '../../../src/terminal/terminal.ts';
import type { AttachedExec, OutputChunk } from '../../../src/engine/execs.ts';

const size = { columns: 80, rows: 24 };

/** A process at the other end of a terminal; `chunks` is its output, and it ends when `end` is called. */
class Peer {
  readonly stdin = Object.assign(new PassThrough(), { isTTY: true });
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly sent: string[] = [];
  readonly hangUp = vi.fn();
  readonly aborter = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly resize = vi.fn(() => Promise.resolve());
  /** What `send` waits for. */
  sending: Promise<void> = Promise.resolve();
  isInputEnded = false;
  isClosed = false;

  constructor(isTerminal = true) {
    this.stdin.isTTY = isTerminal;
  }

  end(): void {
    this.#ended.resolve();
  }

  connect(chunks: readonly OutputChunk[] = []): Promise<boolean> {
    const ended = this.#ended.promise;
    const exec = {
      output: (async function* () {
        yield* chunks;
        await ended;
      })(),
      send: async (chunk: Uint8Array) => {
        this.sent.push(Buffer.from(chunk).toString());
        await this.sending;
      },
      endInput: () => (this.isInputEnded = true),
      close: () => (this.isClosed = true),
    } as unknown as AttachedExec;
    const { hangUp, resize, aborter } = this;
    return connectTerminal(openTerminal(this, {}), exec, {
      size,
      resize,
      hangUp,
      isHalfOpen: () => false,
      signal: aborter.signal,
    });
  }

  /** The number of listeners on the three streams. */
  get listenerCount(): number {
    const events = ['data', 'end', 'error', 'drain', 'close'];
    const counts = [this.stdin, this.stdout, this.stderr].flatMap((stream) =>
      events.map((name) => stream.listenerCount(name)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

describe('a connection with a process', () => {
  it('passes input and both outputs on until the process ends', async () => {
    const peer = new Peer();
    const connected = peer.connect([
      { stream: 'stdout', data: Buffer.from('out') },
      { stream: 'stderr', data: Buffer.from('err') },
    ]);
    peer.stdin.write('a');
    await turn();
    peer.stdin.write('b');
    await turn();
    peer.end();
    expect(await connected).toBe(false);
    expect([peer.sent, String(peer.stdout.read()), String(peer.stderr.read())]).toEqual([['a', 'b'], 'out', 'err']);
    expect([peer.isClosed, peer.hangUp.mock.calls.length]).toEqual([true, 0]);
  });

  it('leaves no listener behind, and takes no more input', async () => {
    const peer = new Peer();
    // The terminal that `connect` opens keeps a listener on each of the three streams.
    const before = peer.listenerCount;
    const chunks = Array.from({ length: 4 }, () => ({ stream: 'stdout' as const, data: Buffer.alloc(20_000, '.') }));
    const connected = peer.connect(chunks);
    peer.end();
    peer.stdout.resume();
    await connected;
    peer.stdout.pause();
    expect(peer.listenerCount).toBe(before + 3);
    peer.stdin.write('late');
    await turn();
    expect(peer.sent).toEqual([]);
    peer.aborter.abort();
    peer.stdout.emit('error', new Error('EIO'));
    peer.stderr.emit('error', new Error('EIO'));
    expect(peer.hangUp).not.toHaveBeenCalled();
  });

  it('takes no input that arrives while the last input is being sent at the end', async () => {
    const peer = new Peer();
    const { promise: isSent, resolve: send } = Promise.withResolvers<void>();
    peer.sending = isSent;
    const connected = peer.connect();
    peer.stdin.write('a');
    await turn();
    peer.end();
    await connected;
    send();
    await turn();
    expect(peer.stdin.isPaused()).toBe(true);
  });

  it.each<readonly [string, (peer: Peer) => void]>([
    ['the signal is aborted', ({ aborter }) => aborter.abort()],
    ['the terminal ends', ({ stdin }) => void stdin.end()],
    ['the terminal fails', ({ stdin }) => void stdin.emit('error', new Error('EIO'))],
    ['the output is closed', ({ stdout }) => void stdout.emit('error', new Error('EPIPE'))],
    ['the other output is closed', ({ stderr }) => void stderr.emit('error', new Error('EPIPE'))],
  ])('hangs the process up if %s, once, whatever happens after', async (_what, close) => {
    const peer = new Peer();
    const connected = peer.connect();
    await turn();
    expect(peer.hangUp).not.toHaveBeenCalled();
    close(peer);
    await turn();
    expect(peer.hangUp).toHaveBeenCalledTimes(1);
    peer.aborter.abort();
    peer.stdout.emit('error', new Error('EIO'));
    await turn();
    expect(peer.hangUp).toHaveBeenCalledTimes(1);
    peer.end();
    expect(await connected).toBe(true);
  });

  it.each<readonly [string, (peer: Peer) => unknown]>([
    ['the signal was aborted', ({ aborter }) => aborter.abort()],
    ['the terminal was closed', ({ stdin }) => stdin.destroy()],
  ])('hangs the process up at once if %s before', async (_what, close) => {
    const peer = new Peer();
    close(peer);
    await turn();
    const connected = peer.connect();
    expect(peer.hangUp).toHaveBeenCalledTimes(1);
    peer.end();
    expect(await connected).toBe(true);
  });

  it('at pipes passes the end of the input on instead', async () => {
    const peer = new Peer(false);
    const connected = peer.connect();
    peer.stdin.end('x');
    await turn();
    await turn();
    expect([peer.sent, peer.isInputEnded, peer.hangUp.mock.calls.length]).toEqual([['x'], true, 0]);
    peer.end();
    expect(await connected).toBe(false);
  });

  it.each([
    ['columns', { columns: 90, rows: 24 }, 1],
    ['rows', { columns: 80, rows: 25 }, 1],
    ['nothing', { columns: 80, rows: 24 }, 0],
  ])('passes the size on once if %s changed during the start', async (_what, now, count) => {
    const peer = new Peer();
    Object.assign(peer.stdout, { isTTY: true, ...now });
    const connected = peer.connect(['a', 'b', 'c'].map((text) => ({ stream: 'stdout', data: Buffer.from(text) })));
    peer.end();
    await connected;
    expect(peer.resize).toHaveBeenCalledTimes(count);
  });

  it.each<readonly [string, boolean, (peer: Peer) => void]>([
    ['is closed', false, ({ stdout }) => stdout.destroy()],
    ['fails', true, ({ stdout }) => void stdout.emit('error', new Error('EIO'))],
  ])('goes on if an output that is full %s', async (_what, isHungUp, close) => {
    const peer = new Peer();
    const connected = peer.connect([{ stream: 'stdout', data: Buffer.alloc(100_000, '.') }]);
    await turn();
    expect(peer.stdout.writableNeedDrain).toBe(true);
    close(peer);
    peer.end();
    expect(await connected).toBe(isHungUp);
  });

  it('goes on if a closed output gets more data', async () => {
    const peer = new Peer();
    peer.stdout.destroy();
    const connected = peer.connect([{ stream: 'stdout', data: Buffer.from('lost') }]);
    peer.end();
    expect(await connected).toBe(false);
  });
});
