import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * Writes the compiled code of the bundles' functions beside them (entrypoint/run-bundle.js), for the functions that short runs need. The build of an image has no engine: a stand-in answers here as if every image and volume existed.
 */

const directory = mkdtempSync(join(tmpdir(), 'code-cache-'));
const site = join(directory, 'site');
const id = '0'.repeat(64);
const image = {
  Id: id,
  RepoTags: [],
  RootFS: { Layers: ['a'] },
  Config: { Labels: {} },
  Created: '2026-01-01T00:00:00Z',
};
const volume = { Name: 'x', Labels: { 'zentoo.directory': site } };
const link = { name: 'x', size: 1, mode: 0x8000000, mtime: image.Created, linkTarget: `/at1/${'0'.repeat(32)}/a/b` };

/** @type {readonly (readonly [RegExp, number, unknown])[]} Requests, and the status and body of the answer. */
const answers = [
  [/^GET \/_ping/, 200, 'OK'],
  [/^GET \S*\/images\/json/, 200, [{ Id: id, ParentId: id, RepoTags: ['x:latest'], Created: 0, Size: 0 }]],
  [/^GET \S*\/images\//, 200, image],
  [/^GET \S*\/volumes\//, 200, volume],
  [/^GET \S*\/volumes/, 200, { Volumes: [volume] }],
  [/^POST \S*\/create/, 201, { Id: id, ...volume }],
  [/^GET \S*\/containers\/json/, 200, []],
  [/^HEAD \S*\/containers\//, 200, ''],
  [/^DELETE /, 204, ''],
];

const server = createServer(({ method, url }, response) => {
  const answer = answers.find(([request]) => request.test(`${method} ${url}`));
  const [status, body] = answer === undefined ? [404, { message: 'none' }] : [answer[1], answer[2]];
  response.writeHead(status, {
    'api-version': '1.41',
    'content-type': 'application/json',
    'x-docker-container-path-stat': Buffer.from(JSON.stringify(link)).toString('base64'),
  });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
});
const socket = join(directory, 'engine.sock');
await once(server.listen(socket), 'listening');

/**
 * Runs a program as its image does, with V8's options, because compiled code is valid only for the same options.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} environment
 */
async function run(program, args, environment = {}) {
  const file = join(import.meta.dirname, '../entrypoint', `${program}.js`);
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}`, ...environment };
  const child = spawn(process.execPath, ['--max-semi-space-size=2', file, ...args], { stdio: 'ignore', env });
  await once(child, 'close');
}

try {
  const making = { MAKE_CODE_CACHE: '1' };
  await run('zentoo', ['init', site]);
  await run('zentoo', ['--site', site, 'list'], making);
  await run('gentoo-builder', ['--no-sync', 'app-misc/hello'], making);
} finally {
  server.close();
  rmSync(directory, { recursive: true });
}
