import type { SshAddress } from './ssh-address.ts';

/**
 * Options of every call, before those of the user's configuration (ssh_config(5)): ssh asks nothing, prints errors alone, gives up a
 * machine that does not answer, and does nothing else that the configuration has for the host.
 */
const settings = {
  BatchMode: 'yes',
  LogLevel: 'ERROR',
  ConnectTimeout: '10',
  ServerAliveInterval: '5',
  ServerAliveCountMax: '3',
  ControlPersist: 'no',
  ClearAllForwardings: 'yes',
  ForwardAgent: 'no',
  ForwardX11: 'no',
  PermitLocalCommand: 'no',
  RemoteCommand: 'none',
  RequestTTY: 'no',
};

/** The arguments of `ssh` for the master connection, whose control socket is `control`. */
export function masterArguments(address: SshAddress, control: string): readonly string[] {
  return [...options({ ...settings, ControlMaster: 'yes' }, control), ...destination(address)];
}

/**
 * The arguments of `ssh` for one connection to the engine. If the server allows no more sessions on the master connection
 * (`MaxSessions`, 10 by default), ssh makes a separate connection.
 */
export function dialArguments(address: SshAddress, control: string): readonly string[] {
  return [...options({ ...settings, ControlMaster: 'no' }, control), ...destination(address), remoteCommand(address)];
}

/** The call of `ssh` by which a user looks into the matter. */
export function callByHand(
  { user, host, port }: SshAddress,
  given: { options?: string; command?: string } = {},
): string {
  const { options = '', command = '' } = given;
  const words = [
    'ssh',
    options,
    port === undefined ? '' : `-p ${port}`,
    user === undefined ? host : `${user}@${host}`,
    command,
  ];
  return words.filter((word) => word !== '').join(' ');
}

function options(all: Readonly<Record<string, string>>, control: string): readonly string[] {
  return ['-S', control, ...Object.entries(all).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** After `--`, ssh takes no argument for an option. */
function destination({ user, host, port }: SshAddress): readonly string[] {
  const login = user === undefined ? [] : ['-l', user];
  return [...login, ...(port === undefined ? [] : ['-p', String(port)]), '--', host];
}

/** The command for the user's shell on the other machine. */
function remoteCommand({ socket }: SshAddress): string {
  if (socket === undefined) return 'docker system dial-stdio';
  return `docker --host '${`unix://${socket}`.replaceAll("'", `'\\''`)}' system dial-stdio`;
}
