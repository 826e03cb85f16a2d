/** A distcc server; distcc(1), HOST SPECIFICATIONS. */
export interface DistccHost {
  /** An IPv4 address. */
  readonly address: string;
  /** The number of compilers that may run on the server at once. */
  readonly slots: number;
}

/** The seconds without traffic after which distcc gives up a server and compiles the file locally. */
const ioTimeout = 180;
/** The seconds for which distcc does not use a server that failed. */
const backoffPeriod = 60;

/**
 * The environment for a build whose files are compiled by `hosts`, and by the machine itself if all hosts are busy or do not
 * answer. Portage passes the variables on and does not record them, unlike CFLAGS.
 */
export function distccEnvironment(hosts: readonly DistccHost[], localSlots: number): Readonly<Record<string, string>> {
  const others = hosts.map(({ address, slots }) => `${address}/${slots}`);
  // Preprocessing and linking are always local. There are more slots for them than for compilers, or compilers would wait.
  const local = [
    `localhost/${localSlots}`,
    `--localslots=${localSlots}`,
    `--localslots_cpp=${jobsOf(hosts, localSlots)}`,
  ];
  return {
    DISTCC_HOSTS: [...others, ...local].join(' '),
    DISTCC_FALLBACK: '1',
    DISTCC_IO_TIMEOUT: String(ioTimeout),
    DISTCC_BACKOFF_PERIOD: String(backoffPeriod),
  };
}

/** The number of jobs of make that keeps the hosts and the machine itself busy. */
export function jobsOf(hosts: readonly DistccHost[], localSlots: number): number {
  return hosts.reduce((sum, { slots }) => sum + slots, localSlots);
}
