import { expect, it } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import { CheckedCpus } from '../../../../src/zentoo/run/checked-cpus.ts';

const cpu = { name: 'new', chost: 'x86_64-pc-linux-gnu', cflags: '-march=x86-64-v4' };

it('asks once for each cpu, also if two orders ask at the same time', async () => {
  const cpus = new CheckedCpus();
  let asked = 0;
  const check = () => {
    asked += 1;
    return Promise.resolve();
  };
  await Promise.all([cpus.check(cpu, check), cpus.check(cpu, check)]);
  await cpus.check(cpu, check);
  expect(asked).toBe(1);
  await cpus.check({ ...cpu, cflags: '-O2' }, check);
  expect(asked).toBe(2);
});

it('keeps the answer that a machine cannot run the code, and no other failure', async () => {
  const cpus = new CheckedCpus();
  const lost = new Failure('engine-lost', 'lost');
  const unusable = new Failure('cpu-unusable', 'no avx512');
  await expect(cpus.check(cpu, () => Promise.reject(lost))).rejects.toBe(lost);
  await expect(cpus.check(cpu, () => Promise.reject(unusable))).rejects.toBe(unusable);
  await expect(cpus.check(cpu, () => Promise.resolve())).rejects.toBe(unusable);
});
