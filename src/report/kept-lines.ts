import { formatDuration } from './amounts.ts';
import type { Event } from './event.ts';
import { describeDefect, describeFailures, labelLines, type Program } from './failure-text.ts';
import type { Line, Style } from './frame.ts';
import { escapeForTerminal } from './escape-for-terminal.ts';
import type { Progress } from './progress.ts';
import { labelStep } from './step-label.ts';

/**
 * The lines that an event leaves above the live view permanently: finished steps and packages, notes, warnings, important
 * lines of Portage, failures. `progress` is the state before the event; `now` is a time of its clock.
 */
export function linesToKeep(event: Event, progress: Progress, program: Program, now: number): Line[] {
  switch (event.type) {
    case 'step-finished': {
      const detail = progress.steps.get(labelStep(event))?.detail ?? '';
      return styled('green', [
        escapeForTerminal(`${labelStep(event)}${detail === '' ? '' : ` ${detail}`}  ${formatDuration(event.seconds)}`),
      ]);
    }
    case 'step-failed':
      return styled('red', [`${labelStep(event)} failed after ${formatDuration(event.seconds)}`]);
    case 'package':
      return event.action === 'completed' ? styled('plain', packageTexts(event, progress, now)) : [];
    case 'note':
      return styled('plain', labelLines('note: ', event.message));
    case 'warning':
      return styled('yellow', [
        ...labelLines('warning: ', event.message),
        ...(event.hint === undefined ? [] : labelLines('  hint: ', event.hint)),
      ]);
    case 'line':
      return keptOutput(event);
    case 'failed':
      return [
        ...styled('red', unfinishedSteps(event, progress, now)),
        ...styled('plain', describeFailures(event.failures, program)),
      ];
    case 'defect':
      return [
        ...styled('red', unfinishedSteps(event, progress, now)),
        ...styled('plain', describeDefect(event.error, program)),
      ];
    case 'step-started':
    case 'pull':
    case 'running':
    case 'schedule':
    case 'usage':
    case 'log':
    case 'terminal-lent':
    case 'terminal-returned':
      return [];
  }
}

/** Formats one line for each step that the failure ended, with its elapsed time. */
export function unfinishedSteps(event: Event, progress: Progress, now: number): string[] {
  const code = event.type === 'failed' ? event.failures[0]?.code : undefined;
  const end = code === 'interrupted' || code === 'terminated' ? code : 'failed';
  return [...progress.steps].map(
    ([label, { since }]) => `${label} ${end} after ${formatDuration((now - since) / 1000)}`,
  );
}

/**
 * Two kinds of completed packages leave no line, because there are thousands of them: binary packages that a task installs
 * as dependencies, and the package that gives the task its name (the finished step says so).
 */
function packageTexts(event: Extract<Event, { type: 'package' }>, { emerges }: Progress, now: number): string[] {
  const { task, cpv, index, total } = event;
  const begun = emerges.get(task)?.begun.get(cpv);
  if (task !== undefined && (begun?.binary === true || task.endsWith(`:${cpv}`))) return [];
  const duration = begun === undefined ? '' : `  ${formatDuration((now - begun.since) / 1000)}`;
  const whose = task === undefined ? ' '.repeat(6) : `${task}: `;
  return [escapeForTerminal(`${whose}${cpv}  ${index} of ${total} completed${duration}`)];
}

/**
 * Keeps Portage's `!!!` lines and, in the main job, its ` * ` lines: messages of packages for the administrator, and
 * Portage's own remarks. A check that went well (`[ ok ]`) is not kept. The ` * ` lines of a task are not kept, because every
 * emerge repeats the messages of its binary dependencies, and all messages are shown once at the end.
 */
function keptOutput({ text, task }: Extract<Event, { type: 'line' }>): Line[] {
  if (!text.includes('!!!') && (task !== undefined || !text.includes(' * '))) return [];
  const line = escapeForTerminal(text);
  if (line.startsWith('!!!'))
    return styled('yellow', [task === undefined ? line : escapeForTerminal(`${task} | `) + line]);
  return task === undefined && line.startsWith(' * ') && !/\[ ok \]\s*$/.test(line) ? styled('plain', [line]) : [];
}

function styled(style: Style, texts: readonly string[]): Line[] {
  return texts.map((text) => ({ text, style }));
}
