import { formatBytes } from '../quantity.ts';
import { formatDuration, formatElapsed } from './amounts.ts';
import { describeElapsed, describeSchedule } from './describe-schedule.ts';
import { isMerging, type Event, type OpenReport } from './event.ts';
import { describeDefect, describeFailures, labelLines, type Program } from './failure-text.ts';
import { escapeForTerminal } from './escape-for-terminal.ts';
import { unfinishedSteps } from './kept-lines.ts';
import { selectPullMilestones, selectScheduleMilestones } from './milestones.ts';
import { advance, scheduleAt, startProgress, type Progress, type StepUnderWay } from './progress.ts';
import type { Sink } from './sink.ts';
import { labelStep } from './step-label.ts';

/** After this many milliseconds without output, a line names the running steps. */
const longestSilence = 60_000;
const namedPackages = 3;
/** The number of Portage's last lines that a user is assumed to see on the screen. */
const rememberedLines = 150;

/**
 * The report for pipes and files: one line for each important event and each line of Portage. After a minute without output,
 * a line names the running steps.
 */
export function openPlainReport(sink: Sink, program: Program): OpenReport {
  const progress = startProgress();
  const isPullMilestone = selectPullMilestones();
  const isScheduleMilestone = selectScheduleMilestones();
  const shown: string[] = [];
  let spokeAt = performance.now();
  let lent = false;

  function say(lines: readonly string[]): void | Promise<void> {
    if (lines.length === 0) return;
    spokeAt = performance.now();
    return sink.write(lines.map((line) => `${line}\n`).join(''));
  }
  const heartbeat = setInterval(() => {
    const now = performance.now();
    if (!lent && now - spokeAt >= longestSilence) void say(describeWork(progress, now));
  }, longestSilence / 4).unref();

  function report(event: Event): void | Promise<void> {
    const now = performance.now();
    const unfinished = unfinishedSteps(event, progress, now);
    advance(progress, event, now);
    if (event.type === 'terminal-lent' || event.type === 'terminal-returned') {
      lent = event.type === 'terminal-lent';
      spokeAt = now;
    }
    if (event.type === 'pull' && !isPullMilestone(event)) return;
    if (event.type === 'schedule' && !isScheduleMilestone(event)) return;
    const lines = linesFor(event, program, (line) => shown.includes(line));
    if (event.type === 'failed' || event.type === 'defect') return say([...unfinished, ...lines]);
    if (event.type === 'line' && shown.push(escapeForTerminal(event.text)) > rememberedLines) shown.shift();
    return say(lines);
  }
  async function close(): Promise<void> {
    clearInterval(heartbeat);
    await sink.flush();
  }
  return Object.assign(report, { close });
}

function linesFor(event: Event, program: Program, isShown: (line: string) => boolean): string[] {
  switch (event.type) {
    case 'step-started':
      return [escapeForTerminal(`${labelStep(event)}${event.detail === '' ? '' : ` ${event.detail}`} ...`)];
    case 'step-finished':
      return [`${labelStep(event)} done in ${formatDuration(event.seconds)}`];
    case 'step-failed':
      return [`${labelStep(event)} failed after ${formatDuration(event.seconds)}`];
    case 'note':
      return labelLines('note: ', event.message);
    case 'warning':
      return [
        ...labelLines('warning: ', event.message),
        ...(event.hint === undefined ? [] : labelLines('  hint: ', event.hint)),
      ];
    case 'pull':
      return [escapeForTerminal(`pulling ${event.image}: ${describeAmount(event.current, event.total)}`)];
    case 'line':
      return [ofTask(event.task, escapeForTerminal(event.text))];
    case 'schedule':
      return [describeSchedule(event)];
    case 'failed':
      return describeFailures(event.failures, program, isShown);
    case 'defect':
      return describeDefect(event.error, program);
    case 'package':
    case 'running':
    case 'usage':
    case 'log':
    case 'terminal-lent':
    case 'terminal-returned':
      return [];
  }
}

function describeAmount(current: number, total: number): string {
  return total > 0 ? `${formatBytes(current)} of ${formatBytes(total)}` : formatBytes(current);
}

/** Puts the task in front of a line, because several tasks may print at once. */
function ofTask(task: string | undefined, line: string): string {
  return task === undefined ? line : escapeForTerminal(`${task} | `) + line;
}

/** Describes the overall progress, and the running steps and packages with their elapsed times. */
function describeWork(progress: Progress, now: number): string[] {
  const steps = [...progress.steps].map(([label, work]) => {
    const elapsed = describeElapsed((now - work.since) / 1000, work.estimate);
    const packages = isMerging(work.step) ? namePackages(progress, work, now) : '';
    return `${label} still running after ${elapsed}${packages === '' ? '' : `: ${packages}`}`;
  });
  const schedule = scheduleAt(progress, now);
  return schedule === undefined || steps.length === 0 ? steps : [describeSchedule(schedule), ...steps];
}

function namePackages({ emerges }: Progress, { task }: StepUnderWay, now: number): string {
  const packages = [...(emerges.get(task)?.packages.values() ?? [])].map(({ cpv, phase, since }) =>
    [cpv, phase, formatElapsed((now - since) / 1000)].filter((part) => part !== '').join(' '),
  );
  const hidden = packages.length - namedPackages;
  return [...packages.slice(0, namedPackages), ...(hidden > 0 ? [`and ${hidden} more`] : [])].join(', ');
}
