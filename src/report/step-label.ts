import { steps, type Step } from './event.ts';

/** A step with its number, as in `[3/7] sync`. */
export function labelStep(step: Step): string {
  return `[${steps.indexOf(step) + 1}/${steps.length}] ${step}`;
}
