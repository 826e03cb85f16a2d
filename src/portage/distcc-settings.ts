/** A machine that compiles for others; distcc(1), HOST SPECIFICATIONS. */
export interface DistccHost {
  /** An IPv4 address. */
  readonly address: string;
  /** How many compilers may run on it at once. */
  readonly slots: number;
}

/** Seconds after which a worker that neither sends nor takes anything is given up, and the file is compiled locally. */
const ioTimeout = 180;
/** Seconds for which a worker that failed is not asked again. */
const backoffPeriod = 60;

/**
 * What a build is told by its environment to have files compiled by these hosts, and by the machine itself as soon as they
 * are all busy or do not answer. Unlike CFLAGS, Portage hands such variables on and knows them nowhere else.
 */
export function distccEnvironment(hosts: readonly DistccHost[], localSlots: number): Readonly<Record<string, string>> {
  const others = hosts.map(({ address, slots }) => `${address}/${slots}`);
  // Preprocessing and linking are always local: more of them than compilers, or these would wait.
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

/** How many jobs of make keep these hosts and the machine itself busy. */
export function jobsOf(hosts: readonly DistccHost[], localSlots: number): number {
  return hosts.reduce((sum, { slots }) => sum + slots, localSlots);
}
