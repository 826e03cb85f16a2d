import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportFailure } from '../../setup/failure.js';
import { MODULES } from '../../setup/places.js';
import { runInForeground } from '../../setup/process/run-in-foreground.js';
import { formatCoverage, hasEnough, readCoverage } from './coverage-summary.ts';
import { chooseRooms } from './rooms.ts';

/**
 * `npm run test:coverage -- [ROOM]...`: runs the unit tests and prints the statement coverage of each room.
 * @returns the exit status: 1 if a test fails or a room is below the limit
 */
async function measureCoverage(args: readonly string[]): Promise<number> {
  const rooms = chooseRooms(args);
  const directory = mkdtempSync(join(tmpdir(), 'gentoo-builder-coverage-'));
  try {
    const status = await runInForeground(
      process.execPath,
      [
        join(MODULES, 'vitest/vitest.mjs'),
        'run',
        '--project=unit',
        '--coverage.enabled',
        '--coverage.provider=v8',
        '--coverage.include=src/**/*.ts',
        '--coverage.reporter=json-summary',
        '--coverage.reportOnFailure',
        `--coverage.reportsDirectory=${directory}`,
      ],
      process.env,
    );
    const summary = readFileSync(join(directory, 'coverage-summary.json'), 'utf8');
    const coverage = readCoverage(summary).filter(({ room }) => rooms.includes(room));
    process.stdout.write(`\n${formatCoverage(coverage)}`);
    return status === 0 && coverage.every(hasEnough) ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.exitCode = await measureCoverage(process.argv.slice(2)).catch(reportFailure);
