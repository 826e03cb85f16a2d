import { mainSteps, type Work } from './event.ts';

/** A step of the main job with its number, as in `[3/7] sync`, or one with what it is done for. */
export function labelStep({ step, task }: Work): string {
  if (task !== undefined) return `${task}: ${step}`;
  const number = mainSteps.findIndex((known) => known === step) + 1;
  return `[${number}/${mainSteps.length}] ${step}`;
}
