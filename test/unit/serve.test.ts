import { describe, expect, it } from 'vitest';
import { nginxConfiguration } from '../../src/serve/nginx-configuration.ts';
import { serverEnvironment } from '../../src/serve/use-store-server.ts';

describe('the configuration of a file server', () => {
  const text = nginxConfiguration({
    port: 8080,
    directories: [
      { name: 'binpkgs', path: '/var/cache/binpkgs' },
      { name: 'distfiles', path: '/var/cache/distfiles' },
    ],
    state: '/tmp',
  });

  it('shows its directories, to readers alone, and nothing else', () => {
    const locations = [
      ...text.matchAll(/location (\S+) \{\s*(?:alias (\S+);\s*limit_except GET \{ deny all; \}|return 404;)/g),
    ];
    expect(locations.map(([, place, path]) => [place, path])).toEqual([
      ['/binpkgs/', '/var/cache/binpkgs/'],
      ['/distfiles/', '/var/cache/distfiles/'],
      ['/', undefined],
    ]);
    expect(text).not.toContain('autoindex');
  });

  it('writes to its state directory alone', () => {
    const written = [...text.matchAll(/^\s*(?:pid|access_log|\w+_temp_path) (\S+);$/gm)].map(([, path]) => path);
    expect(written).toHaveLength(7);
    expect(written.filter((path) => !path?.startsWith('/tmp/'))).toEqual([]);
  });
});

describe('the environment of a container that uses a server of a store', () => {
  const server = { network: 'n', url: 'http://10.0.2.3:8080' };

  it('lets no proxy and no other binary host come between', () => {
    expect(serverEnvironment(server)).toEqual({ PORTAGE_BINHOST: '', no_proxy: '10.0.2.3', NO_PROXY: '10.0.2.3' });
    expect(serverEnvironment(server, { no_proxy: 'localhost', http_proxy: 'http://proxy' })).toMatchObject({
      no_proxy: 'localhost,10.0.2.3',
    });
  });
});
