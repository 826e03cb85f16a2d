import type { PackageArgument } from './atom.ts';
import { elogEnvironment } from './elog-settings.ts';
import { installsOnlyBinaries } from './emerge-option.ts';
import { throwawayFeatureWords } from './throwaway-features.ts';

/** The packages to emerge, and the options. */
export interface EmergeRequest {
  readonly packages: readonly PackageArgument[];
  /** Options of the user. They follow the program's own options and override them. */
  readonly options?: readonly string[] | undefined;
  /** The number of packages that Portage builds at once; Portage's default if undefined. */
  readonly jobs?: number | undefined;
  /**
   * The GiB that must be free in the build directory before Portage begins a package while it builds others; Portage's default
   * if undefined. It must be undefined for an emerge that does not have the option.
   */
  readonly freeGib?: number | undefined;
  /** Whether emerge uses binary packages. */
  readonly binpkgs: boolean;
}

/** The settings that emerge gets by its environment. Paths are absolute and in the container. */
export interface EmergeEnvironmentRequest {
  /** The directory of binary packages; that of make.conf if undefined. */
  readonly pkgdir?: string | undefined;
  /** Whether emerge makes binary packages; by default if `pkgdir` is given. */
  readonly packaging?: boolean;
  /** The directory below which packages are built; that of package.env and make.conf if undefined. */
  readonly tmpdir?: string | undefined;
  readonly distdir?: string | undefined;
  /** The directory of build logs; the package's temporary directory if undefined. */
  readonly logdir?: string | undefined;
  /** USE flags in addition to the configured flags: `ssl -ipv6`. */
  readonly use?: string | undefined;
  /**
   * Whether emerge reads only binary packages that the product made. Nobody need sign these, or have the key of a base that
   * signs its packages, so signatures are neither asked for nor verified; it must not be true if emerge may ask a remote host
   * for packages.
   */
  readonly ownPackagesOnly?: boolean | undefined;
  /** Whether Portage writes its status stream. Versions before 3.0.82 warn that they do not know the feature. */
  readonly observability?: boolean | undefined;
}

/**
 * `emerge --sync` for all repositories with auto-sync, or for one repository; emerge(1), ACTIONS. The command ignores the
 * base's EMERGE_DEFAULT_OPTS, which are meant for builds: `--ask` or `--pretend` would prevent the sync.
 */
export function emergeSyncCommand(request: {
  readonly quiet: boolean;
  /** The name of the only repository to sync; all repositories if undefined. */
  readonly repository?: string;
}): readonly string[] {
  const { quiet, repository } = request;
  const names = repository === undefined ? [] : [repository];
  return ['emerge', '--ignore-default-opts', '--sync', ...(quiet ? ['--quiet=y'] : []), '--color=n', ...names];
}

/** `emerge-webrsync` syncs the main repository from a snapshot, and can fill an empty tree; emerge-webrsync(1). */
export function webrsyncCommand(request: { readonly quiet: boolean }): readonly string[] {
  return ['emerge-webrsync', ...(request.quiet ? ['--quiet'] : [])];
}

/**
 * The command line that emerges packages. It has no `--` before the packages, because versions of Python's argparse treat
 * `--` differently. Parsed packages do not begin with a dash. The last option includes its value, because an option with an
 * optional value would take a package named `y` or `4` as the value (`_emerge/main.py`, insert_optional_args).
 */
export function emergeCommand(request: EmergeRequest): readonly string[] {
  return [
    'emerge',
    // Portage writes build logs to files, and to the output only if a package fails; emerge(1), --quiet and --quiet-build.
    '--quiet=y',
    // If EMERGE_DEFAULT_OPTS of the base has --ask, emerge would fail without a terminal.
    '--ask=n',
    ...(request.jobs === undefined ? [] : [`--jobs=${request.jobs}`]),
    ...(request.freeGib === undefined ? [] : [`--jobs-tmpdir-require-free-gb=${request.freeGib}`]),
    ...(request.binpkgs ? ['--usepkg=y', ...respectUse(request.options)] : []),
    ...(request.options ?? []),
    // The output is parsed, and written to a log file.
    '--color=n',
    ...request.packages,
  ];
}

/**
 * The option that makes emerge refuse binary packages with other USE flags. Only `--usepkgonly` needs it: otherwise emerge refuses
 * them by default, and the option would switch off its suggestions of USE flags and `--autounmask-continue`
 * (`_emerge/create_depgraph_params.py`).
 */
function respectUse(options: readonly string[] = []): readonly string[] {
  return installsOnlyBinaries(options) ? ['--binpkg-respect-use=y'] : [];
}

/**
 * The environment of emerge in a container that is thrown away. It adds to the configuration of the base: FEATURES, USE,
 * CONFIG_PROTECT and CONFIG_PROTECT_MASK are incremental, and features that the environment does not name keep their setting;
 * make.conf(5), emerge(1).
 */
export function emergeEnvironment(request: EmergeEnvironmentRequest): Readonly<Record<string, string>> {
  const features = [
    ...throwawayFeatureWords,
    ...((request.packaging ?? request.pkgdir !== undefined) ? binaryPackageFeatures : []),
    ...(request.ownPackagesOnly ? unsignedPackageFeatures : []),
    ...(request.observability ? ['observability'] : []),
  ];
  const given = {
    PKGDIR: request.pkgdir,
    DISTDIR: request.distdir,
    PORTAGE_TMPDIR: request.tmpdir,
    PORTAGE_LOGDIR: request.logdir,
    USE: request.use,
  };
  return {
    FEATURES: features.join(' '),
    CONFIG_PROTECT: mountedFiles.join(' '),
    // Takes the same entries out of the mask of make.conf, which would win.
    CONFIG_PROTECT_MASK: mountedFiles.map((path) => `-${path}`).join(' '),
    // Portage's default. A volume may be mounted there, and not where make.conf says.
    PORTAGE_DEPCACHEDIR: '/var/cache/edb/dep',
    ...plainOutput,
    ...(request.logdir === undefined ? {} : elogEnvironment),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== '')),
  };
}

// binpkg-multi-instance keeps builds of one version apart. It is a default since Portage 3.0.15; bases may be older.
const binaryPackageFeatures = ['buildpkg', 'binpkg-multi-instance'];

const unsignedPackageFeatures = ['-binpkg-request-signature', 'binpkg-ignore-signature'];

/**
 * Files that an engine mounts in each container. Nothing can replace them, so a package that installs one fails to merge (`Device or
 * resource busy`) unless they are protected. A longer entry than that of CONFIG_PROTECT_MASK wins; make.conf(5).
 */
const mountedFiles = [
  ...['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'],
  // Docker mounts the init of a container at /sbin, which is a link to another of these directories on a merged-usr system.
  ...['/sbin/docker-init', '/usr/sbin/docker-init', '/usr/bin/docker-init'],
];

/**
 * The environment in which emerge's messages are English although LC_ALL or LANGUAGE is set. It takes LC_ALL from packages, so it is
 * only for commands that compile nothing; the program of a merge keeps the rest of the locale (split-locale.sh).
 */
export const englishMessages = { LC_ALL: '', LANGUAGE: '' } as const;

const plainOutput = {
  // --color=n applies to emerge only: without the variables, the phases of a build colour their messages.
  NOCOLOR: 'true',
  NO_COLOR: '1',
  // English, as in Gentoo's stages: the messages of compilers are parsed to explain a failure.
  LC_MESSAGES: 'C.UTF-8',
  // A delay before a dangerous action helps only a user who can interrupt it.
  CLEAN_DELAY: '0',
  EMERGE_WARNING_DELAY: '0',
};
