import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../../setup/failure.js';

/** The host's end of the pair; its other end is eth0 inside. */
const LINK = 'gentoo-builder';
/** Two addresses of a block that is kept for tests between devices (RFC 2544): no real network has them. */
const GATEWAY = '198.19.255.253';
const ADDRESS = '198.19.255.254';
const FORWARDING = '/proc/sys/net/ipv4/ip_forward';

const MARK = ['-m', 'comment', '--comment', 'gentoo-builder-engine'];
/** What lets connections out, and their answers in: each a table, a chain and a rule. @type {[string, string, string[]][]} */
const RULES = [
  ['nat', 'POSTROUTING', ['-s', ADDRESS, '!', '-o', LINK, ...MARK, '-j', 'MASQUERADE']],
  ['filter', 'FORWARD', ['-i', LINK, ...MARK, '-j', 'ACCEPT']],
  ['filter', 'FORWARD', ['-o', LINK, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', ...MARK, '-j', 'ACCEPT']],
];

/** What the process inside is told: its address with the length of the prefix, and its gateway. */
export const INSIDE = { address: `${ADDRESS}/30`, gateway: GATEWAY };

/**
 * Connects the network namespace of a process with the host's network.
 * @param {number} pid
 * @returns {() => void} takes everything away again; called once
 * @throws {Failure} after taking away what was made
 */
export function connectNetwork(pid) {
  // A run that was killed left its rules.
  takeAway();
  const forwarding = readFileSync(FORWARDING, 'utf8');
  const disconnect = () => {
    takeAway();
    if (forwarding.trim() !== '1') writeFileSync(FORWARDING, forwarding);
  };
  try {
    must('ip', ['link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
    must('ip', ['address', 'add', `${GATEWAY}/30`, 'dev', LINK]);
    must('ip', ['link', 'set', LINK, 'up']);
    if (forwarding.trim() !== '1') writeFileSync(FORWARDING, '1\n');
    // First in their chains: an engine of this host has rules that refuse what is not its own.
    for (const [table, chain, rule] of RULES) must('iptables', ['-w', '-t', table, '-I', chain, '1', ...rule]);
  } catch (error) {
    disconnect();
    throw error;
  }
  return disconnect;
}

function takeAway() {
  for (const [table, chain, rule] of RULES) {
    while (spawnSync('iptables', ['-w', '-t', table, '-D', chain, ...rule]).status === 0);
  }
  spawnSync('ip', ['link', 'delete', LINK]);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function must(command, args) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const why = error?.message ?? `${[command, ...args].join(' ')} ended with status ${status}: ${stderr.trim()}`;
  throw new Failure('connect the network of the engine', why);
}

/**
 * A resolv.conf that holds in another network namespace: without servers that only the host's loopback reaches.
 * @returns {string} its text
 * @throws {Failure} where there is no other server
 */
export function readResolvers() {
  // The second is where systemd-resolved says which servers it asks itself.
  for (const path of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
    const lines = readLines(path).filter((line) => !/^nameserver\s+(127\.|::1\b)/.test(line));
    if (lines.some((line) => line.startsWith('nameserver'))) return `${lines.join('\n')}\n`;
  }
  throw new Failure('connect the network of the engine', '/etc/resolv.conf has only name servers on the loopback', {
    hint: 'name one there that other hosts can reach as well',
  });
}

/** @param {string} path */
function readLines(path) {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
