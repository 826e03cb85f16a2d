import type { PackageArgument } from './atom.ts';
import { elogEnvironment } from './elog.ts';
import { throwawayFeatureWords } from './throwaway-features.ts';

/** What is to be emerged, and how. */
export interface EmergeRequest {
  readonly packages: readonly PackageArgument[];
  /** Options of the user's own, as they are handed to emerge; later than ours, so that they win. */
  readonly options?: readonly string[] | undefined;
  /** How many packages are built at the same time; Portage's own choice if undefined. */
  readonly jobs?: number | undefined;
  /**
   * How many GiB have to be free where packages are built before another one is begun beside others; Portage's own choice
   * if undefined, as it has to be for an emerge that has no such option.
   */
  readonly freeGib?: number | undefined;
  /** Whether binary packages are used where there are any. */
  readonly binpkgs: boolean;
}

/** What emerge is told by its environment; paths are absolute and in the container. */
export interface EmergeEnvironmentRequest {
  /** Where binary packages are kept and looked for; none are made if undefined. */
  readonly pkgdir?: string | undefined;
  /** Whether binary packages are made though the PKGDIR is not told, as it is in make.conf. */
  readonly packaging?: boolean;
  readonly distdir?: string | undefined;
  /** Where build logs go; a package's temporary directory if undefined. */
  readonly logdir?: string | undefined;
  /** USE flags on top of those that are configured, as in USE="ssl -ipv6". */
  readonly use?: string | undefined;
  /** Whether Portage is to serve its status stream; older ones than 3.0.82 warn that they do not know it. */
  readonly observability?: boolean | undefined;
}

/**
 * `emerge --sync`: all repositories that are synced automatically; emerge(1), ACTIONS. Without the base's
 * EMERGE_DEFAULT_OPTS, which are meant for builds: with --ask or --pretend among them there would be no sync.
 */
export function syncCommand(request: {
  readonly quiet: boolean;
  /** The name of the one that is synced, instead of all. */
  readonly repository?: string;
}): readonly string[] {
  const { quiet, repository } = request;
  const names = repository === undefined ? [] : [repository];
  return ['emerge', '--ignore-default-opts', '--sync', ...(quiet ? ['--quiet=y'] : []), '--color=n', ...names];
}

/** `emerge-webrsync`: the main repository from a snapshot, which also fills an empty tree; emerge-webrsync(1). */
export function webrsyncCommand(request: { readonly quiet: boolean }): readonly string[] {
  return ['emerge-webrsync', ...(request.quiet ? ['--quiet'] : [])];
}

/**
 * The command line that emerges packages. There is no `--` before them: Python's argparse treats it differently from
 * version to version. Parsed packages do not begin with a dash, and the last option has its value with it, so that none
 * of those whose value is optional takes a package named `y` or `4` for it (`_emerge/main.py`, insert_optional_args).
 */
export function emergeCommand(request: EmergeRequest): readonly string[] {
  return [
    'emerge',
    // Build logs go to their files, and to the output only where a package fails; emerge(1), --quiet and --quiet-build.
    '--quiet=y',
    // A base whose EMERGE_DEFAULT_OPTS has --ask would fail for want of a terminal; the rest of them stays.
    '--ask=n',
    ...(request.jobs === undefined ? [] : [`--jobs=${request.jobs}`]),
    ...(request.freeGib === undefined ? [] : [`--jobs-tmpdir-require-free-gb=${request.freeGib}`]),
    // Without the second, a package whose USE flags differ from those that are wanted is used all the same where the
    // user's options have --usepkgonly; emerge(1), --binpkg-respect-use.
    ...(request.binpkgs ? ['--usepkg=y', '--binpkg-respect-use=y'] : []),
    ...(request.options ?? []),
    // The output is parsed and kept in a file.
    '--color=n',
    ...request.packages,
  ];
}

/**
 * The environment of emerge in a container that is thrown away, as additions to what the base configures: FEATURES and
 * USE are incremental, so that what is not named here stays as it is; make.conf(5), emerge(1).
 */
export function emergeEnvironment(request: EmergeEnvironmentRequest): Readonly<Record<string, string>> {
  const features = [
    ...throwawayFeatureWords,
    ...(request.pkgdir === undefined && request.packaging !== true ? [] : binaryPackageFeatures),
    ...(request.observability ? ['observability'] : []),
  ];
  const given = {
    PKGDIR: request.pkgdir,
    DISTDIR: request.distdir,
    PORTAGE_LOGDIR: request.logdir,
    USE: request.use,
  };
  return {
    FEATURES: features.join(' '),
    ...plainOutput,
    ...(request.logdir === undefined ? {} : elogEnvironment),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== '')),
  };
}

// The second keeps builds of the same version apart; a default since Portage 3.0.15, and bases may be older.
const binaryPackageFeatures = ['buildpkg', 'binpkg-multi-instance'];

const plainOutput = {
  // --color=n reaches emerge only: the phases of a build colour their messages unless the environment forbids it.
  NOCOLOR: 'true',
  NO_COLOR: '1',
  // In English, as Gentoo's stages are configured: compilers' messages are looked at to explain a failure.
  LC_MESSAGES: 'C.UTF-8',
  // Waiting before something dangerous is for somebody who can interrupt it.
  CLEAN_DELAY: '0',
  EMERGE_WARNING_DELAY: '0',
};
