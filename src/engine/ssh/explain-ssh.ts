import { Failure, type FailureCode } from '../../failure.ts';
import { callByHand } from './ssh-command.ts';
import { formatSshAddress, type SshAddress } from './ssh-address.ts';

/** How a call of `ssh` ended. */
export interface SshEnding {
  /** 255 is ssh's own; others are those of the command on the other machine. Null if ssh was killed. */
  readonly status: number | null;
  readonly stderr: string;
}

/** The status of ssh itself (ssh(1), "Exit status"). */
const ownStatus = 255;

interface Explanation {
  readonly code: FailureCode;
  readonly why: string;
  readonly hint: string;
}

/**
 * The failure of a call of `ssh` that did not reach the engine, with ssh's own words: `engine-denied` if a key, a right or a program is
 * missing, else `engine-unreachable`.
 */
export function explainSsh(address: SshAddress, ending: SshEnding): Failure {
  // The frame around a warning is no word.
  const lines = ending.stderr.split(/\r?\n/).filter((line) => /[^\s@]/.test(line));
  const { code, why, hint } = explanationOf(address, ending);
  const last = lines.at(-1)?.trim();
  const words = last === undefined ? why : `${why} (${last.slice(0, 300)})`;
  return new Failure(code, `failed to reach the Docker engine at ${formatSshAddress(address)}: ${words}`, {
    hint,
    logTail: lines.length > 1 ? lines.slice(-20) : undefined,
  });
}

function explanationOf(address: SshAddress, { status, stderr }: SshEnding): Explanation {
  if (status === ownStatus) return explainOwn(address, stderr);
  if (status === 126 || status === 127 || /docker: (command )?not found/.test(stderr)) {
    return {
      code: 'engine-denied',
      why: 'there is no docker command for this user on that machine',
      hint: `install Docker there, and check the PATH of commands that ssh runs: ${callByHand(address, { command: 'docker version' })}`,
    };
  }
  if (/permission denied/i.test(stderr)) {
    return {
      code: 'engine-denied',
      why: 'the user may not use the engine on that machine',
      hint: 'on that machine, add the user to the group that owns the socket (usermod -aG docker USER), or name another: ssh://USER@HOST',
    };
  }
  return {
    code: 'engine-unreachable',
    why: status === null ? 'ssh was killed' : 'docker system dial-stdio failed there',
    hint: `check that the engine runs on that machine: ${callByHand(address, { command: 'docker version' })}`,
  };
}

function explainOwn(address: SshAddress, stderr: string): Explanation {
  const removal = /^\s*(ssh-keygen -f .* -R .*?)\s*$/m.exec(stderr)?.[1] ?? `ssh-keygen -R ${address.host}`;
  if (/HOST IDENTIFICATION HAS CHANGED|host key .*revoked/i.test(stderr)) {
    return {
      code: 'engine-denied',
      why: "the machine's host key is not the one that is known",
      hint: `find out why it changed: another machine may answer in its place; if the machine was installed again, remove the old key and connect once by hand: ${removal}`,
    };
  }
  if (/Host key verification failed|host key is known/i.test(stderr)) {
    return {
      code: 'engine-denied',
      why: "the machine's host key is not known",
      hint: `connect once by hand, and compare the fingerprint: ${callByHand(address)}`,
    };
  }
  if (/Permission denied|Too many authentication failures/i.test(stderr)) {
    return {
      code: 'engine-denied',
      why: 'the machine takes no key of this user',
      hint: `give it the public key (ssh-copy-id), or load the key into an agent (ssh-add); it must work without a password: ${callByHand(address, { options: '-o BatchMode=yes' })}`,
    };
  }
  if (/Bad configuration option|Bad owner or permissions|terminating, \d+ bad/i.test(stderr)) {
    return {
      code: 'engine-denied',
      why: 'ssh does not take its configuration',
      hint: 'correct the file that the message names; in a container, files of ~/.ssh must belong to the user of the container',
    };
  }
  return {
    code: 'engine-unreachable',
    why: 'ssh does not reach the machine',
    hint: `check the name, the port and the network: ${callByHand(address)}`,
  };
}

/** The failure if this machine has no `ssh`. */
export function missingSsh(address: SshAddress): Failure {
  return new Failure(
    'engine-denied',
    `failed to reach the Docker engine at ${formatSshAddress(address)}: there is no program ssh`,
    { hint: 'install the SSH client: openssh-client on Debian, net-misc/openssh on Gentoo' },
  );
}
