import * as v from 'valibot';
import { parsePackageArgument } from './atom.ts';

/** The schema of a package argument in JSON that a program in a container prints. */
export const printedArgument = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parsePackageArgument(dataset.value);
    if (parsed.ok) return parsed.value;
    addIssue({ message: parsed.reason });
    return NEVER;
  }),
);
