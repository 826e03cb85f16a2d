import { expect, test } from 'vitest';

import { explainSsh } from '../../../../src/engine/ssh/explain-ssh.ts';
import { parseSshAddress } from '../../../../src/engine/ssh/ssh-address.ts';
import { dialArguments, masterArguments } from '../../../../src/engine/ssh/ssh-command.ts';

const addressOf = (value: string) =>
  parseSshAddress(value, (reason) => {
    throw new Error(reason);
  });
const far = addressOf('ssh://larry@far:2222');

test.each([
  ['ssh://far', ['--', 'far', 'docker system dial-stdio']],
  ['ssh://larry@far:2222/', ['-l', 'larry', '-p', '2222', '--', 'far', 'docker system dial-stdio']],
  ['ssh://[fe80::1]/run/d.sock', ['--', 'fe80::1', "docker --host 'unix:///run/d.sock' system dial-stdio"]],
  ["ssh://far/it's", ['--', 'far', "docker --host 'unix:///it'\\''s' system dial-stdio"]],
  // ssh takes it for a name, not for an option.
  ['ssh://-oProxyCommand=x', ['--', '-oProxyCommand=x', 'docker system dial-stdio']],
])('ssh gets of %s, after its options: %j', (value, expected) => {
  const address = addressOf(value);
  const args = dialArguments(address, '/c');
  const afterOptions = (all: readonly string[]) => all.slice(all.findLastIndex((arg) => arg === '-o') + 2);
  expect(afterOptions(args)).toEqual(expected);
  // The master connection is for the same machine, and runs no command.
  expect(afterOptions(masterArguments(address, '/c'))).toEqual(expected.slice(0, -1));
});

test.each([
  ['ConnectTimeout', '10'],
  ['ServerAliveInterval', '5'],
  ['ServerAliveCountMax', '3'],
])('ssh gives a machine up that does not answer: %s is %s', (name, value) => {
  for (const args of [dialArguments(far, '/c'), masterArguments(far, '/c')]) expect(args).toContain(`${name}=${value}`);
});

test.each([
  ...['LogLevel=ERROR', 'ControlPersist=no', 'ClearAllForwardings=yes', 'ForwardAgent=no', 'ForwardX11=no'],
  ...['PermitLocalCommand=no', 'RemoteCommand=none', 'RequestTTY=no'],
])('ssh does nothing else that its configuration has for the machine: %s', (setting) => {
  for (const args of [dialArguments(far, '/c'), masterArguments(far, '/c')]) expect(args).toContain(setting);
});

test('ssh asks nothing, and one connection carries the others', () => {
  const args = dialArguments(far, '/c').join(' ');
  expect(args).toMatch(/^-S \/c .*-o BatchMode=yes .*-o ControlMaster=no /);
  expect(masterArguments(far, '/c').join(' ')).toMatch(/^-S \/c .*-o BatchMode=yes .*-o ControlMaster=yes /);
});

const changed = `@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@\r
Offending RSA key in /root/.ssh/known_hosts:7\r
  remove with:\r
  ssh-keygen -f "/root/.ssh/known_hosts" -R "far"\r
Host key verification failed.\r
`;

test.each([
  [255, changed, 11, 'not the one that is known', 'ssh-keygen -f "/root/.ssh/known_hosts" -R "far"'],
  [255, 'RSA host key for far was revoked\n', 11, 'not the one that is known', 'by hand: ssh-keygen -R far'],
  [255, 'Host key verification failed.\r\n', 11, 'host key is not known', 'ssh -p 2222 larry@far'],
  [
    255,
    'No RSA host key is known for far and you have requested strict checking.\n',
    11,
    'is not known',
    'ssh -p 2222',
  ],
  [
    255,
    'larry@far: Permission denied (publickey,password).\n',
    11,
    'takes no key',
    '-o BatchMode=yes -p 2222 larry@far',
  ],
  [255, 'Received disconnect: Too many authentication failures\n', 11, 'takes no key', 'ssh-add'],
  [
    255,
    '/root/.ssh/config: terminating, 12 bad configuration options\n',
    11,
    'does not take its configuration',
    'correct the file',
  ],
  [255, 'Bad owner or permissions on /root/.ssh/config\n', 11, 'its configuration', 'belong to the user'],
  [
    255,
    'ssh: Could not resolve hostname far: Name or service not known\n',
    10,
    'reach the machine',
    'ssh -p 2222 larry@far',
  ],
  [255, 'ssh: connect to host far port 2222: Connection timed out\n', 10, 'reach the machine', 'check the name'],
  [255, '', 10, 'ssh does not reach the machine', 'check the name'],
  [127, 'bash: line 1: docker: command not found\n', 11, 'no docker command', 'ssh -p 2222 larry@far docker version'],
  [127, 'exec: not found\n', 11, 'no docker command', 'install Docker'],
  [126, 'docker: Permission denied\n', 11, 'no docker command', 'check the PATH'],
  [1, 'sh: docker: not found\n', 11, 'no docker command', 'install Docker'],
  [1, 'dial unix /var/run/docker.sock: connect: permission denied\n', 11, 'may not use the engine', 'usermod'],
  [
    1,
    'Cannot connect to the Docker daemon. Is the docker daemon running?\n',
    10,
    'dial-stdio failed',
    'docker version',
  ],
  [null, '', 10, 'ssh was killed', 'docker version'],
])('ssh that ends with %s and %j is a failure with %i: %s', (status, stderr, exitStatus, why, hint) => {
  const failure = explainSsh(far, { status, stderr });
  expect(failure).toMatchObject({ exitStatus, hint: expect.stringContaining(hint) as string });
  expect(failure.message).toMatch(/^failed to reach the Docker engine at ssh:\/\/larry@far:2222: /);
  expect(failure.message).toContain(why);
  const last = stderr.trim().split('\r\n').at(-1) ?? '';
  if (last !== '') expect(failure.message).toContain(`(${last})`);
});

test('several lines of ssh are shown, without the frame around them', () => {
  expect(explainSsh(far, { status: 255, stderr: changed }).logTail).toEqual([
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    'Offending RSA key in /root/.ssh/known_hosts:7',
    '  remove with:',
    '  ssh-keygen -f "/root/.ssh/known_hosts" -R "far"',
    'Host key verification failed.',
  ]);
});
