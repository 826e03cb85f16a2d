/**
 * The reason for which the engine refused a request:
 *
 * - `absent`: the container, image, volume, network, path or remote image does not exist.
 * - `conflict`: the name is taken, the object is in use, or the container is in the wrong state.
 * - `mount-missing`: a directory that is to be mounted does not exist on the engine's host.
 * - `no-space`: a disk of the engine is full.
 * - `denied`: a registry, a proxy or an authorization plugin wants a login or forbids the request.
 * - `rate-limited`: a registry limits how often images may be pulled.
 * - `unreachable`: the engine, or a proxy in front of it, could not reach a host that the request needs, or got no answer in
 *   time.
 * - `other`: any other reason; only the message explains it.
 */
export type RefusalKind =
  'absent' | 'conflict' | 'mount-missing' | 'no-space' | 'denied' | 'rate-limited' | 'unreachable' | 'other';

/**
 * The engine answered with an error. The message is in the engine's own words, for people; a program asks for `kind`.
 * Status and words decide together: Docker answers 403 for a network that is in use, Podman answers 500 for all conflicts.
 */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly kind: RefusalKind;
  /** Whether the same request may succeed a few seconds later: after rate limits, server errors and cut connections. */
  readonly isTransient: boolean;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kindOf(status, message);
    this.isTransient = this.kind === 'rate-limited' || transientStatuses.has(status) || transientWords.test(message);
  }
}

interface Rule {
  readonly kind: RefusalKind;
  /** The rule matches each of these HTTP statuses, whatever the message is. */
  readonly statuses?: readonly number[];
  /** The rule matches a message with these words, whatever the status is. */
  readonly words: RegExp;
}

/** The first rule that matches decides. The words are those of Docker 20.10 to 28, Podman 4.3 and 5.4, and registries. */
const rules: readonly Rule[] = [
  { kind: 'no-space', words: /no space left on device|disk quota exceeded/i },
  // Podman makes a missing directory instead; Docker Desktop denies the mount of a path that is not shared with its virtual machine.
  {
    kind: 'mount-missing',
    words: /bind source path does not exist|mounts denied/i,
  },
  { kind: 'rate-limited', statuses: [429], words: /\b429\b|toomanyrequests|too many requests/i },
  {
    kind: 'unreachable',
    statuses: [502, 503, 504],
    words:
      /no such host|connection refused|network is unreachable|no route to host|server misbehaving|proxyconnect|i\/o timeout|handshake timeout|client\.timeout|context deadline exceeded|connection reset|\bEOF\b|bad gateway|service unavailable|gateway timeout/i,
  },
  {
    kind: 'conflict',
    statuses: [409],
    words:
      /already (?:in use|exists|used|connected|attached)|UNIQUE constraint failed|container state improper|has active endpoints|being used|is in use|dependent child images/i,
  },
  {
    kind: 'absent',
    statuses: [404],
    words:
      /no such (?:container|exec|image|network|volume)|layer not known|manifest unknown|name unknown|not found: manifest|: not found$|pull access denied|repository does not exist/i,
  },
  {
    kind: 'denied',
    statuses: [401, 403],
    words: /unauthorized|authentication required|no basic auth credentials|\bdenied\b|forbidden/i,
  },
];

const transientStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
const transientWords =
  /\b50[0234]\b|internal server error|bad gateway|service unavailable|timeout|connection reset|unexpected EOF/i;

function kindOf(status: number, message: string): RefusalKind {
  const rule = rules.find(({ statuses, words }) => statuses?.includes(status) === true || words.test(message));
  return rule?.kind ?? 'other';
}
