import { formatDuration } from './amounts.ts';
import type { Event } from './event.ts';
import { describeDefect, describeFailures, labelLines, type Program } from './failure-text.ts';
import type { Line, Style } from './frame.ts';
import { harmlessLine } from './harmless-text.ts';
import type { Progress } from './progress.ts';
import { labelStep } from './step-label.ts';

/**
 * The lines that an event leaves above the live view for good: finished steps and packages, notes, warnings, what of
 * Portage's output a user wants to keep, failures. `progress` is how things stood before the event, `now` on its clock.
 */
export function linesToKeep(event: Event, progress: Progress, program: Program, now: number): Line[] {
  switch (event.type) {
    case 'step-finished': {
      const detail = progress.steps.get(labelStep(event))?.detail ?? '';
      return styled('green', [
        harmlessLine(`${labelStep(event)}${detail === '' ? '' : ` ${detail}`}  ${formatDuration(event.seconds)}`),
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
    case 'terminal-lent':
    case 'terminal-returned':
      return [];
  }
}

/** One line for each step that a failure has ended, how long it had been under way. */
export function unfinishedSteps(event: Event, progress: Progress, now: number): string[] {
  const code = event.type === 'failed' ? event.failures[0]?.code : undefined;
  const end = code === 'interrupted' || code === 'terminated' ? code : 'failed';
  return [...progress.steps].map(
    ([label, { since }]) => `${label} ${end} after ${formatDuration((now - since) / 1000)}`,
  );
}

/**
 * A task has its dependencies from binary packages, and says itself when it has done what it is for: neither is worth a
 * line that stays, of which there would be thousands.
 */
function packageTexts(event: Extract<Event, { type: 'package' }>, { emerges }: Progress, now: number): string[] {
  const { task, cpv, index, total } = event;
  const begun = emerges.get(task)?.begun.get(cpv);
  if (task !== undefined && (begun?.binary === true || task.endsWith(`:${cpv}`))) return [];
  const duration = begun === undefined ? '' : `  ${formatDuration((now - begun.since) / 1000)}`;
  const whose = task === undefined ? ' '.repeat(6) : `${task}: `;
  return [harmlessLine(`${whose}${cpv}  ${index} of ${total} completed${duration}`)];
}

/**
 * Portage's `!!!` lines, and its ` * ` lines: messages that packages left for the administrator, printed at the end,
 * and its own remarks. Those that only say that a check went well are not kept. Of a task the ` * ` lines are not:
 * each emerge that has a dependency from a binary package says again what that has to say, and it is all told at the end.
 */
function keptOutput({ text, task }: Extract<Event, { type: 'line' }>): Line[] {
  if (!text.includes('!!!') && (task !== undefined || !text.includes(' * '))) return [];
  const line = harmlessLine(text);
  if (line.startsWith('!!!')) return styled('yellow', [task === undefined ? line : harmlessLine(`${task} | `) + line]);
  return task === undefined && line.startsWith(' * ') && !/\[ ok \]\s*$/.test(line) ? styled('plain', [line]) : [];
}

function styled(style: Style, texts: readonly string[]): Line[] {
  return texts.map((text) => ({ text, style }));
}
