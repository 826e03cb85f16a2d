/** A directory that a server shows. */
export interface ServedDirectory {
  /** The first part of its URLs, for example `distfiles` for `/distfiles/...`. */
  readonly name: string;
  /** The absolute path. */
  readonly path: string;
}

/** What the configuration of a server says. */
export interface Serving {
  /** The TCP port, on all addresses. */
  readonly port: number;
  readonly directories: readonly ServedDirectory[];
  /** A directory for its process id, its log of requests and its temporary files. */
  readonly state: string;
}

/**
 * The configuration of an nginx that serves the files of some directories, read-only, to anybody who reaches it: with ranges, the time of
 * the last change, and no lists of directories. The log has a line for each request.
 */
export function nginxConfiguration({ port, directories, state }: Serving): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${state}/${kind};`,
  );
  const locations = directories.flatMap(({ name, path }) => [
    `    location /${name}/ {`,
    `      alias ${path}/;`,
    '      limit_except GET { deny all; }',
    '    }',
  ]);
  return [
    'worker_processes 2;',
    `pid ${state}/nginx.pid;`,
    'events { worker_connections 1024; }',
    'http {',
    '  default_type application/octet-stream;',
    '  sendfile on;',
    '  tcp_nopush on;',
    '  server_tokens off;',
    '  # A package may be replaced by another one of the same name.',
    '  open_file_cache off;',
    `  access_log ${state}/access.log;`,
    ...temporary,
    '  server {',
    `    listen ${port};`,
    ...locations,
    '    location / { return 404; }',
    '  }',
    '}',
    '',
  ].join('\n');
}
