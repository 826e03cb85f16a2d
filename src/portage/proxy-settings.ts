/** The proxies that programs in a build container use, as variables of their environment. */
export interface ProxySettings {
  /** For all programs. Portage's phases see these variables, and Portage keeps them out of the packages that it records. */
  readonly all: Readonly<Record<string, string>>;
  /** Only for syncs, in addition: Portage would record these variables with each package. */
  readonly syncs: Readonly<Record<string, string>>;
  /** The variables whose proxy is on a loopback address, which in a container means the container: they are left out. */
  readonly leftOut: readonly string[];
}

/** The variables that save-ebuild-env.sh leaves out of the environment that Portage records (environment.bz2). */
const unrecorded = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy'] as const;
const others = ['all_proxy', 'RSYNC_PROXY'] as const;

/** A proxy from elsewhere than the environment: the variable in lower case, and a name of the place for messages. */
export interface ConfiguredProxy {
  readonly variable: string;
  readonly value: string;
  readonly source: string;
}

/**
 * Reads the proxies in an environment; a proxy of `configured` counts if the environment has none of that name. The names in lower case
 * are those that all programs know (curl ignores HTTP_PROXY): a variable in upper case is passed under its name in lower case, unless both
 * are set.
 */
export function proxySettings(
  environment: Readonly<Record<string, string | undefined>>,
  configured: readonly ConfiguredProxy[] = [],
): ProxySettings {
  const leftOut: string[] = [];
  const read = (names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const variable = environment[name] === undefined ? name.toUpperCase() : name;
        const other = configured.find((one) => one.variable === name);
        const value = environment[variable] ?? other?.value;
        if (value === undefined) return [];
        const source = environment[variable] === undefined ? (other?.source ?? variable) : variable;
        if (name === 'no_proxy' || !isLoopback(value)) return [[name, value]];
        leftOut.push(source);
        return [];
      }),
    );
  return { all: read(unrecorded), syncs: read(others), leftOut };
}

/** The message and the hint of a warning for a variable that is left out. */
export function describeLeftOut(variable: string): { readonly message: string; readonly hint: string } {
  return {
    message: `${variable} names a proxy on a loopback address, where a container finds only itself: syncs, fetches and packages do not use the proxy`,
    hint: `write the name or the address of the machine into ${variable}, and let the proxy listen there`,
  };
}

/** Whether the host of a proxy is a loopback address. RSYNC_PROXY has no scheme. */
function isLoopback(proxy: string): boolean {
  const host = /^\s*(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^@/]*@)?(\[[^\]]*\]|[^:/\s]*)/i.exec(proxy)?.[1] ?? '';
  return /^(?:localhost(?:\.localdomain)?\.?|ip6-localhost|0\.0\.0\.0|127(?:\.\d+){1,3}|\[::1?\]|\[::ffff:127(?:\.\d+){3}\])$/i.test(
    host,
  );
}
