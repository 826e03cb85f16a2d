import { expect, test } from 'vitest';
import { proxySettings } from '../../../src/portage/proxy-settings.ts';

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
  expect(proxySettings(environment)).toEqual({ all, syncs });
});
