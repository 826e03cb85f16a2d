/** The name and the version of a package: `net-misc/curl` and `8.1.0-r1`. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
}

/** Splits `category/name-version`. A version begins with a digit, its revision with `-r` (PMS, "Version syntax"). */
export function splitCpv(cpv: string): PackageVersion | undefined {
  const [, name, version] = /^(.+?)-(\d[^-]*(?:-r\d+)?)$/.exec(cpv) ?? [];
  return name === undefined || version === undefined ? undefined : { name, version };
}
