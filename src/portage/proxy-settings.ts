/** The proxies that programs in a build container use, as variables of their environment. */
export interface ProxySettings {
  /** For all programs. Portage's phases see these variables, and Portage keeps them out of the packages that it records. */
  readonly all: Readonly<Record<string, string>>;
  /** Only for syncs, in addition: Portage would record these variables with each package. */
  readonly syncs: Readonly<Record<string, string>>;
}

/** The variables that save-ebuild-env.sh leaves out of the environment that Portage records (environment.bz2). */
const unrecorded = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy'] as const;
const others = ['all_proxy', 'RSYNC_PROXY'] as const;

/**
 * Reads the proxies in an environment. The names in lower case are those that all programs know (curl ignores HTTP_PROXY): a
 * variable in upper case is passed under its name in lower case, unless both are set.
 */
export function proxySettings(environment: Readonly<Record<string, string | undefined>>): ProxySettings {
  const read = (names: readonly string[]) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = environment[name] ?? environment[name.toUpperCase()];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  return { all: read(unrecorded), syncs: read(others) };
}
