// replay-program FILE FACTOR [PAUSE]: replays recorded events at its terminal, FACTOR times as fast. Each line of FILE is `[seconds,
// event]`. Waits for a line of standard input before the first event that is later than PAUSE seconds. Tests run it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { chooseReport } from '../../src/report/choose-report.ts';
import type { Event } from '../../src/report/event.ts';

const [file = '', factor = '1', pause = 'Infinity'] = process.argv.slice(2);
const report = await chooseReport({
  progress: 'auto',
  logFormat: 'text',
  stderr: process.stderr,
  environment: { TERM: 'xterm', NO_COLOR: '1' },
  program: { name: 'replay-program', version: '0' },
});
let at = 0;
for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
  const [seconds, event] = JSON.parse(line) as [number, Event];
  if (at <= Number(pause) && seconds > Number(pause)) {
    await once(process.stdin, 'data');
    process.stdin.pause();
  }
  if (seconds > at) await delay(((seconds - at) * 1000) / Number(factor));
  at = seconds;
  await report(event);
}
await report.close();
