import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sectionOf } from './changelog.js';
import { Failure, reportFailure } from './failure.js';
import { PROJECT } from './places.js';

const STEP = 'find the release notes';

/**
 * `npm run release:notes -- vX.Y.Z`: prints the changelog's section of a version, for the release of that name.
 * @param {string | undefined} tag
 * @returns {number} the exit status
 */
function printReleaseNotes(tag) {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  if (tag !== `v${version}`)
    throw new Failure(STEP, `the tag is ${tag}, and the version in package.json is ${version}`, {
      hint: `tag v${version}, or change the version first`,
    });
  const section = sectionOf(readFileSync(join(PROJECT, 'CHANGELOG.md'), 'utf8'), version);
  if (section === undefined)
    throw new Failure(STEP, `CHANGELOG.md has no text below "## ${version}"`, {
      hint: `move the lines of "## Unreleased" below "## ${version}"`,
    });
  process.stdout.write(`${section}\n`);
  return 0;
}

try {
  process.exitCode = printReleaseNotes(process.argv[2]);
} catch (error) {
  process.exitCode = reportFailure(error);
}
