import { expect, test } from 'vitest';
import { parseAptConfiguration } from '../../../setup/images/apt-configuration.js';

const plain = [
  'https://packages.example/node bookworm main Node',
  'http://mirror.example/debian/ bookworm main Debian',
  'http://mirror.example/debian/ bookworm contrib Debian',
  'http://mirror.example/debian/ bookworm-updates main Debian',
  'http://mirror.example/debian-security/ bookworm-security main Debian',
];

test('the mirrors are those of Debian itself, whoever else is configured', () => {
  expect(parseAptConfiguration(plain.join('\n'), '')).toEqual({
    mirror: 'http://mirror.example/debian',
    sources: [
      'deb http://mirror.example/debian bookworm main\n',
      'deb http://mirror.example/debian bookworm-updates main\n',
      'deb http://mirror.example/debian-security bookworm-security main\n',
    ].join(''),
    settings: '',
  });
});

test('another release of the host gives the same release here', () => {
  const targets = plain.join('\n').replaceAll('bookworm', 'trixie');
  expect(parseAptConfiguration(targets, '')?.sources).toContain('deb http://mirror.example/debian bookworm main\n');
});

test('before the first update apt does not know whose mirrors they are: their addresses tell', () => {
  const targets = plain.map((line) => line.replace(/ \S+$/, ' $(ORIGIN)')).join('\n');
  expect(parseAptConfiguration(targets, '')?.mirror).toBe('http://mirror.example/debian');
});

test('without a mirror that is reached by HTTP there is no configuration', () => {
  expect(parseAptConfiguration('', '')).toBeUndefined();
  expect(parseAptConfiguration('cdrom://disc/debian/ bookworm main Debian', '')).toBeUndefined();
});

test('of the settings, only those on validity are taken: a proxy may hold a password', () => {
  const dump = 'APT "";\nAcquire::Check-Valid-Until "false";\nAcquire::http::Proxy "http://me:secret@proxy";\n';
  expect(parseAptConfiguration(plain.join('\n'), dump)?.settings).toBe('Acquire::Check-Valid-Until "false";\n');
});
