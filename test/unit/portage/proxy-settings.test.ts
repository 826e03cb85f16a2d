import { expect, test } from 'vitest';
import { describeLeftOut, proxySettings } from '../../../src/portage/proxy-settings.ts';

test.each([
  [{}, {}, {}],
  [
    { http_proxy: 'h', https_proxy: 's', no_proxy: 'n', ftp_proxy: 'f' },
    { http_proxy: 'h', https_proxy: 's', no_proxy: 'n', ftp_proxy: 'f' },
    {},
  ],
  [{ HTTP_PROXY: 'h', NO_PROXY: '*' }, { http_proxy: 'h', no_proxy: '*' }, {}],
  [{ HTTP_PROXY: 'upper', http_proxy: 'lower' }, { http_proxy: 'lower' }, {}],
  [{ http_proxy: '' }, { http_proxy: '' }, {}],
  [{ ALL_PROXY: 'a', RSYNC_PROXY: 'r:873' }, {}, { all_proxy: 'a', RSYNC_PROXY: 'r:873' }],
  [{ PROXY: 'x', PATH: '/bin', rsync_proxy: 'r' }, {}, {}],
])('case 2.11: the environment %j has the proxies %j for all programs, and %j for syncs', (environment, all, syncs) => {
  expect(proxySettings(environment)).toEqual({ all, syncs, leftOut: [] });
});

test('case 2.11: a proxy of the Docker client counts if the environment has none of that name', () => {
  const configured = [
    { variable: 'http_proxy', value: 'http://client:1', source: 'httpProxy in config.json' },
    { variable: 'https_proxy', value: 'http://client:2', source: 'httpsProxy in config.json' },
    { variable: 'ftp_proxy', value: 'http://127.0.0.1:3', source: 'ftpProxy in config.json' },
    { variable: 'all_proxy', value: 'http://client:4', source: 'allProxy in config.json' },
  ];
  expect(proxySettings({ HTTP_PROXY: 'http://upper:1', https_proxy: '' }, configured)).toEqual({
    all: { http_proxy: 'http://upper:1', https_proxy: '' },
    syncs: { all_proxy: 'http://client:4' },
    leftOut: ['ftpProxy in config.json'],
  });
});

test.each([
  'http://127.0.0.1:3128',
  'http://127.1',
  'localhost:3128',
  'http://LOCALHOST/',
  'http://user:word@localhost:3128',
  'http://[::1]:3128',
  'http://[::ffff:127.0.0.1]:3128',
  'http://localhost.:3128',
  'http://localhost.localdomain:3128',
  'http://0.0.0.0:3128',
])('a proxy %s is the container itself in a container, and is left out', (proxy) => {
  const environment = { HTTP_PROXY: proxy, https_proxy: 'http://proxy:1', RSYNC_PROXY: proxy, no_proxy: 'localhost' };
  expect(proxySettings(environment)).toEqual({
    all: { https_proxy: 'http://proxy:1', no_proxy: 'localhost' },
    syncs: {},
    leftOut: ['HTTP_PROXY', 'RSYNC_PROXY'],
  });
  expect(describeLeftOut('HTTP_PROXY')).toEqual({
    message: expect.stringContaining('HTTP_PROXY names a proxy on a loopback address') as string,
    hint: expect.stringContaining('the machine into HTTP_PROXY') as string,
  });
});

test.each(['http://localhost.example', 'http://128.0.0.1', 'http://proxy/127.0.0.1', 'http://127.example'])(
  'a proxy %s is on another machine',
  (proxy) => {
    expect(proxySettings({ http_proxy: proxy })).toMatchObject({ all: { http_proxy: proxy }, leftOut: [] });
  },
);
