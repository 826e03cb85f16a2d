import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { chooseBase } from '../../../setup/images/base-images.js';
import { selectCertificates } from '../../../setup/images/certificates.js';
import { listSettings } from '../../../setup/images/stand-ins.js';

const official = 'debian:bookworm-slim';

test('the official image goes first, then what was made here; a registry is asked once', () => {
  const choose = (names: string[], unreachable?: string) =>
    chooseBase(new Map(names.map((name) => [name, 'id'])), official, 'stand-in', unreachable);
  expect(choose([official, 'stand-in:latest'])).toBe('official');
  expect(choose(['stand-in:latest'])).toBe('stand-in');
  expect(choose([])).toBe('pull');
  expect(choose([], 'no such host')).toBe('stand-in');
});

test('of the certificates of the host those count that are not stock, each once', () => {
  const [a = '', b = '', c = ''] = rootCertificates;
  const bundle = `# a comment\n${a}\n${b.replaceAll('\n', '\r\n')}\n${c}`;
  expect(selectCertificates([bundle, c], [a])).toEqual([`${b}\n`, `${c}\n`].sort());
  expect(
    selectCertificates([a, 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'], [a]),
  ).toEqual([]);
});

test('settings of the host are files, and none tell of certificates where there are none', () => {
  const apt = { mirror: '', sources: 'deb ...\n', settings: '' };
  const files = listSettings({ certificates: ['one'], apt }, { npm_config_registry: 'https://npm.example/' });
  expect(files).toMatchObject({
    'usr/local/share/ca-certificates/host-1.crt': 'one',
    'usr/local/etc/npmrc': 'cafile=/etc/ssl/certs/ca-certificates.crt\nregistry=https://npm.example/\n',
    'etc/pip.conf': '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n',
    'etc/apt/sources.list': 'deb ...\n',
  });
  expect(listSettings({ certificates: [], apt: undefined }, {})).toEqual({
    'usr/local/etc/npmrc': '',
    'etc/pip.conf': '[global]\n',
  });
});
