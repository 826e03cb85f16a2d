import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { describeBuildAsJson, describeDryRunAsJson } from '../../../src/cli/build-json.ts';
import { describeSiteBuildAsJson } from '../../../src/cli/zentoo/build-json.ts';
import { Failure } from '../../../src/failure.ts';
import { runProgram } from '../../../src/program.ts';
import { BuildRecorder } from '../../../src/record/build-recorder.ts';
import { writeBuildRecord } from '../../../src/record/build-record.ts';
import { describeTargets } from '../../../src/zentoo/command/describe-targets.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';
import { faultsByDocument } from '../../support/json-schema.ts';
import { buildRequest, BuildWorld, program } from '../builder/build-world.ts';
import { ProgramWorld } from '../program-world.ts';
import { tupleOf } from '../plan/sites.ts';
import { SiteWorld } from '../zentoo/site-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

test('the output and the record of gentoo-builder match docs/json.md', async () => {
  using world = new BuildWorld();
  world.portage.statusLines = ['usage 700 200 2500000'];
  world.portage.settings = world.portage.settings.with(1, 'yes');
  const result = await passTime(buildImage(buildRequest({ tags: ['mine:1'] }), world.context, program));
  const output = describeBuildAsJson(result);
  expect(faultsByDocument('gentoo-builder --json', output)).toEqual([]);
  expect(JSON.parse(output)).toMatchObject({
    ...{ unchanged: false, tags: ['mine:1'], record: result.recordFile },
    packages: [{ name: 'app-misc/hello', version: '2.10', origin: 'compiled', why: 'asked for' }],
    durations: { preconditions: expect.any(Number) as number, remove: expect.any(Number) as number },
    log: expect.stringContaining('build.log') as string,
  });
  expect(result.record.tasks[0]?.usage).toMatchObject({ rss: 700, shmem: 200 });
  expect(faultsByDocument('build.json', writeBuildRecord(result.record))).toEqual([]);
});

test('the output of a build that starts no container matches docs/json.md', () => {
  const record = new BuildRecorder(() => 0).read({ program, site: null }, []);
  const image = { name: 'gentoo-0123', id: 'sha256:1', tags: [] } as never;
  const output = describeBuildAsJson({ image, unchanged: true, packages: [], record, recordFile: undefined });
  expect(faultsByDocument('gentoo-builder --json', output)).toEqual([]);
});

test('the output of a dry run matches docs/json.md', () => {
  expect(faultsByDocument('gentoo-builder --dry-run --json', describeDryRunAsJson(['commit an image']))).toEqual([]);
});

const messages = [{ level: 'warn', phase: 'postinst', lines: ['careful'] }] as const;
const elog = { cpv: 'app-misc/greet-1', time: new Date(0), messages };
const elogAsJson = { ...elog, time: '1970-01-01T00:00:00.000Z' };

test.each([
  new Failure('site-invalid', 'wrong', { hint: 'mend it', place: { file: 'site.yaml', line: 1, column: 2 } }),
  new Failure('build-failed', 'failed to emerge'),
  new Failure('build-failed', 'failed to emerge', { elog: [elog] }),
  new Error('a defect'),
])('the output for %o matches docs/json.md', async (error) => {
  const world = new ProgramWorld();
  const presentation = { json: true, logFormat: 'text', progress: 'plain' } as const;
  const status = await runProgram(world, program, presentation, () => Promise.reject(error));
  expect(status).toBe(error instanceof Failure ? error.exitStatus : 1);
  expect(faultsByDocument('Failures', world.stdout.text)).toEqual([]);
});

test('case 5.2: the failures of a build have the messages of its packages, if there are any', async () => {
  const presentation = { json: true, logFormat: 'text', progress: 'plain' } as const;
  const outputOf = async (failure: Failure): Promise<unknown> => {
    const world = new ProgramWorld();
    await runProgram(world, program, presentation, () => Promise.reject(failure));
    return JSON.parse(world.stdout.text);
  };
  const failure = new Failure('build-failed', 'failed to emerge');
  const failures = [{ code: 'build-failed', exitStatus: 31, message: 'failed to emerge' }];
  expect(await outputOf(failure)).toEqual({ failures });
  expect(await outputOf(failure.with({ elog: [elog] }))).toEqual({ failures, elog: [elogAsJson] });
});

test('the output and the record of a site match docs/json.md', async () => {
  const world = new SiteWorld();
  const recorder = new BuildRecorder(() => 0);
  const identity = { kind: 'assemble', place: 'ministage', name: 'a', version: 'image' };
  const task = recorder.beginTask(identity, 'a');
  recorder.take({ type: 'step-started', step: 'assemble', task: 'a', detail: '' });
  recorder.take({ type: 'step-finished', step: 'assemble', task: 'a', seconds: 1 });
  recorder.take({ type: 'package', task: 'a', cpv: 'app-misc/greet-1', index: 1, total: 1, action: 'emerging' });
  task.end('done');
  const targets = await describeTargets(world, [
    {
      ...{ type: 'built', tuple: tupleOf({ name: 'a' }), durations: {} },
      packages: [
        { cpv: 'b/b-2', origin: 'reused', why: 'new' },
        { cpv: 'app-misc/greet-1', origin: 'compiled', why: 'new' },
      ],
      outputs: { image: 'gentoo-ministage', archive: '/nonexistent/a.tar.zst' },
      sizes: { 'b/b-2': { installed: 2000, binary: 700 } },
      elog: [elog],
    },
    { type: 'unchanged', tuple: tupleOf({ name: 'b' }), outputs: { image: 'x' } },
    {
      ...{ type: 'failed', tuple: tupleOf({ name: 'c' }), elog: [elog] },
      failures: [new Failure('build-failed', 'no', { hint: 'look' })],
    },
  ]);
  const record = recorder.read({ program, site: 'net' }, targets);
  const output = describeSiteBuildAsJson(record, 'the volume x');
  expect(faultsByDocument('zentoo build --json', output)).toEqual([]);
  expect(faultsByDocument('build.json', writeBuildRecord(record))).toEqual([]);
  expect(JSON.parse(output)).toMatchObject({
    ...{ site: 'net', record: 'the volume x' },
    tuples: [
      {
        ...{ name: 'a', type: 'built', image: 'gentoo-ministage', archive: '/nonexistent/a.tar.zst' },
        ...{ merged: ['app-misc/greet-1', 'b/b-2'], compiled: ['app-misc/greet-1'], durations: { assemble: 0 } },
      },
      { name: 'b', type: 'unchanged', image: 'x' },
      {
        ...{ name: 'c', type: 'failed', elog: [elogAsJson] },
        failures: [{ code: 'build-failed', exitStatus: 31, message: 'no', hint: 'look' }],
      },
    ],
  });
  expect(record.targets[0]).toMatchObject({
    ...{ image: { bytes: expect.any(Number) as number }, archive: { bytes: null } },
    packages: [
      { cpv: 'b/b-2', installedBytes: 2000, binaryBytes: 700 },
      { cpv: 'app-misc/greet-1', installedBytes: null, binaryBytes: null },
    ],
  });
});
