import { onTestFinished, vi } from 'vitest';

import type { Event, OpenReport } from '../../../src/report/event.ts';
import { chooseReport } from '../../../src/report/choose-report.ts';
import { Terminal, TerminalStream } from './terminal.ts';

/** The clock of a test of the live view; only the test advances it. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
}

/** A live view on a terminal, without colours. */
export class LiveView {
  readonly terminal: Terminal;
  readonly report: OpenReport;

  static async open({ columns = 60, rows = 10 } = {}): Promise<LiveView> {
    const terminal = new Terminal(columns, rows);
    const report = await chooseReport({
      progress: 'auto',
      logFormat: 'text',
      stderr: new TerminalStream(terminal),
      environment: { NO_COLOR: '1' },
      program: { name: 'gentoo-builder', version: '1.2.3' },
    });
    onTestFinished(() => report.close());
    return new LiveView(terminal, report);
  }

  constructor(terminal: Terminal, report: OpenReport) {
    this.terminal = terminal;
    this.report = report;
  }

  /** Reports events one after the other, and waits until the view is drawn. */
  show(...events: readonly Event[]): readonly string[] {
    for (const event of events) void this.report(event);
    vi.advanceTimersByTime(100);
    return this.terminal.text;
  }
}
