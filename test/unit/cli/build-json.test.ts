import { expect, test } from 'vitest';
import { describeBuildAsJson, describeDryRunAsJson } from '../../../src/cli/build-json.ts';
import type { ImageId } from '../../../src/engine/identifiers.ts';
import type { BuildRecord } from '../../../src/record/build-record.ts';

const time = '2026-01-02T03:04:05.000Z';

const task: BuildRecord['tasks'][number] = {
  kind: 'build',
  place: 'amd64',
  name: 'hello',
  version: '2.10',
  label: null,
  started: time,
  ended: time,
  seconds: 4,
  result: 'done',
  steps: [
    { step: 'sync', started: time, seconds: 1.5, result: 'done' },
    { step: 'emerge', started: time, seconds: 2.5, result: 'done' },
  ],
  usage: null,
  logs: ['gentoo-logs/build.log', 'gentoo-logs/other.log'],
};

const record: BuildRecord = {
  format: 1,
  program: { name: 'gentoo-builder', version: '0.1.0' },
  site: null,
  started: time,
  ended: time,
  targets: [
    {
      name: null,
      result: 'built',
      image: null,
      archive: null,
      packages: [
        { cpv: 'app-misc/hello-2.10', origin: 'compiled', why: 'new', installedBytes: 2000, binaryBytes: null },
      ],
      failures: [],
      elog: [
        { cpv: 'app-misc/hello-2.10', time, messages: [{ level: 'warn', phase: 'postinst', lines: ['restart it'] }] },
      ],
    },
  ],
  tasks: [task],
  packages: [],
};

test('case 5.2: --json has image, origins and messages of packages, seconds of steps, log and record', () => {
  const printed = describeBuildAsJson({
    image: { id: 'sha256:1' as ImageId, name: 'gentoo-c0de', tags: ['mine'] },
    unchanged: false,
    packages: ['app-misc/hello-2.10'],
    record,
    recordFile: 'gentoo-logs/build.json',
  });
  expect(printed.endsWith('}\n')).toBe(true);
  expect(JSON.parse(printed)).toEqual({
    image: 'gentoo-c0de',
    id: 'sha256:1',
    tags: ['mine'],
    unchanged: false,
    packages: [
      {
        ...{ name: 'app-misc/hello', version: '2.10', origin: 'compiled', why: 'new' },
        ...{ installedBytes: 2000, binaryBytes: null },
      },
    ],
    elog: [
      { cpv: 'app-misc/hello-2.10', time, messages: [{ level: 'warn', phase: 'postinst', lines: ['restart it'] }] },
    ],
    durations: { sync: 1.5, emerge: 2.5 },
    log: 'gentoo-logs/build.log',
    record: 'gentoo-logs/build.json',
  });
});

test('--json of a dry run has its lines', () => {
  expect(JSON.parse(describeDryRunAsJson(['sync', 'emerge']))).toEqual({ dryRun: true, plan: ['sync', 'emerge'] });
});
