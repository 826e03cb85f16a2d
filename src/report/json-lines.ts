import { pino } from 'pino';

import type { Failure } from '../failure.ts';
import { describeSchedule } from './describe-schedule.ts';
import type { Event, OpenReport } from './event.ts';
import { causesOf, stackOf, type Program } from './failure-text.ts';
import { selectPullMilestones } from './milestones.ts';
import type { Sink } from './sink.ts';

/** One JSON object of the log. */
interface Entry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The report for programs: one JSON object on one line per event, written by pino. Each object has `level` (`info`, `warn`,
 * `error`), `time` (ISO 8601), `event` (the event's type), `msg`, and the event's own fields. Seconds and bytes are numbers.
 * A pull is logged at each tenth, `running` when a package or a phase changes, `usage` never, and each
 * failure as a separate object.
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
    case 'usage':
      return [];
    case 'log':
      return [entry('info', `logged to ${event.location}`, withoutType(event))];
    case 'schedule':
      return [entry('info', describeSchedule(event), withoutType(event))];
    case 'terminal-lent':
      return [entry('info', 'a shell has the terminal', {})];
    case 'terminal-returned':
      return [entry('info', 'the shell has returned the terminal', {})];
    case 'failed':
      return event.failures.map(describeFailure);
    case 'defect':
      return [describeDefect(event.error, program)];
  }
}

function describeFailure(failure: Failure): Entry {
  const { code, exitStatus, message, hint, place, logTail } = failure;
  return entry('error', message, { code, exitStatus, hint, ...place, causes: causesOf(failure), logTail });
}

function describeDefect(error: unknown, { name, version }: Program): Entry {
  const fields = { stack: stackOf(error).join('\n'), program: name, version };
  return entry('error', error instanceof Error ? error.message : String(error), fields);
}

/** Skips state events (`pull`, `schedule`, `running`) that repeat the state of the one before. */
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
    // This key cannot be a task: a task's name contains no spaces.
    if (event.type === 'schedule') return isChange('the schedule', describeSchedule(event));
    if (event.type !== 'running') return true;
    return isChange(event.task, event.packages.map(({ cpv, phase }) => `${cpv} ${phase}`).join('\n'));
  };
}

/**
 * Returns the event's own fields. The type is set to undefined, because every entry has it as `event`; pino does not log
 * undefined fields.
 */
function withoutType(event: Event): Readonly<Record<string, unknown>> {
  return { ...event, type: undefined };
}

function entry(level: Entry['level'], message: string, fields: Entry['fields']): Entry {
  return { level, message: message.toWellFormed(), fields };
}
