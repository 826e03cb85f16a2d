import { mainSteps, type Work } from './event.ts';

/** Names a step: `[3/7] sync` in the main job, `<task>: sync` in a task. */
export function labelStep({ step, task }: Work): string {
  if (task !== undefined) return `${task}: ${step}`;
  const number = mainSteps.findIndex((known) => known === step) + 1;
  return `[${number}/${mainSteps.length}] ${step}`;
}
