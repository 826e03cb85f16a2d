import { expect, test } from 'vitest';
import { distccEnvironment, jobsOf } from '../../../src/portage/distcc-settings.ts';

const hosts = [
  { address: '172.19.0.2', slots: 4 },
  { address: '172.19.0.3', slots: 1 },
];

test('lists the workers before the machine itself, which preprocesses for all of them', () => {
  expect(distccEnvironment(hosts, 2)).toEqual({
    DISTCC_HOSTS: '172.19.0.2/4 172.19.0.3/1 localhost/2 --localslots=2 --localslots_cpp=7',
    DISTCC_FALLBACK: '1',
    DISTCC_IO_TIMEOUT: '180',
    DISTCC_BACKOFF_PERIOD: '60',
  });
});

test('counts as many jobs as compilers on all machines', () => {
  expect(jobsOf(hosts, 2)).toBe(7);
  expect(jobsOf([], 3)).toBe(3);
});
