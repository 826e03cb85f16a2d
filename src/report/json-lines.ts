import { pino } from 'pino';

import { describeSchedule } from './describe-schedule.ts';
import type { Event, OpenReport } from './event.ts';
import { causesOf, stackOf, type Program } from './failure-text.ts';
import { selectPullMilestones } from './milestones.ts';
import type { Sink } from './sink.ts';

/** One object of the log. */
interface Entry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The report for programs: a JSON object on a line for each event, by pino. All have `level` (`info`, `warn`, `error`),
 * `time` (ISO 8601), `event` (the event's type) and `msg`; the rest are the event's own fields. Seconds and bytes are
 * numbers. A pull is logged by tenths, what is running when a package or a phase changes, and each failure on its own.
 */
export function openJsonReport(sink: Sink, program: Program): OpenReport {
  const isNews = selectNews();
  let taken: void | Promise<void>;
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line) {
        taken = sink.write(line);
      },
    },
  );

  function report(event: Event): void | Promise<void> {
    if (!isNews(event)) return;
    for (const { level, message, fields } of entriesFor(event, program)) {
      logger[level]({ event: event.type, ...fields }, message);
    }
    return taken;
  }
  return Object.assign(report, { close: () => sink.flush() });
}

function entriesFor(event: Event, program: Program): Entry[] {
  switch (event.type) {
    case 'step-started':
      return [entry('info', `${event.step} started`, withoutType(event))];
    case 'step-finished':
      return [entry('info', `${event.step} finished`, { step: event.step, task: event.task, seconds: event.seconds })];
    case 'step-failed':
      return [entry('error', `${event.step} failed`, { step: event.step, task: event.task, seconds: event.seconds })];
    case 'note':
      return [entry('info', event.message, {})];
    case 'warning':
      return [entry('warn', event.message, { hint: event.hint })];
    case 'pull': {
      const { image, current, total } = event;
      return [entry('info', `pulling ${image}`, { image, current, total })];
    }
    case 'line':
      return [entry('info', event.text, { step: event.step, task: event.task })];
    case 'package': {
      const { cpv, action } = event;
      return [entry('info', `${action} ${cpv}`, withoutType(event))];
    }
    case 'running':
      return [entry('info', `running ${event.packages.map(({ cpv }) => cpv).join(' ')}`, withoutType(event))];
    case 'schedule':
      return [entry('info', describeSchedule(event), withoutType(event))];
    case 'terminal-lent':
      return [entry('info', 'a shell has the terminal', {})];
    case 'terminal-returned':
      return [entry('info', 'the shell has given the terminal back', {})];
    case 'failed':
      return event.failures.map((failure) => {
        const { code, exitStatus, hint, place, logTail } = failure;
        return entry('error', failure.message, {
          code,
          exitStatus,
          hint,
          ...place,
          causes: causesOf(failure),
          logTail,
        });
      });
    case 'defect': {
      const fields = { stack: stackOf(event.error).join('\n'), program: program.name, version: program.version };
      return [entry('error', event.error instanceof Error ? event.error.message : String(event.error), fields)];
    }
  }
}

/** Refuses the repetitions among the events that say how things stand. */
function selectNews(): (event: Event) => boolean {
  const isMilestone = selectPullMilestones();
  const states = new Map<string | undefined, string>();
  function isChange(of: string | undefined, state: string): boolean {
    const before = states.get(of) ?? '';
    states.set(of, state);
    return state !== before;
  }
  return (event) => {
    if (event.type === 'pull') return isMilestone(event);
    // A space is in no task's name.
    if (event.type === 'schedule') return isChange('the schedule', describeSchedule(event));
    if (event.type !== 'running') return true;
    return isChange(event.task, event.packages.map(({ cpv, phase }) => `${cpv} ${phase}`).join('\n'));
  };
}

/** The event's own fields; its type is a field of every entry, and what is undefined is not logged. */
function withoutType(event: Event): Readonly<Record<string, unknown>> {
  return { ...event, type: undefined };
}

function entry(level: Entry['level'], message: string, fields: Entry['fields']): Entry {
  return { level, message: message.toWellFormed(), fields };
}
