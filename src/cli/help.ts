/** The usage text, three lines, for a call without arguments. */
export const usage = `usage: gentoo-builder [options] PACKAGE...
  PACKAGE is an atom (net-misc/curl, =app-misc/hello-2.10, dev-libs/openssl:0[static-libs]) or a @set
  gentoo-builder --help lists the options`;

/** The text of `--help`. */
export const help = `usage: gentoo-builder [options] PACKAGE...

Builds Gentoo packages with real Portage in a container of a base image, commits the result as an image
named gentoo-<first characters of the container's id>, and prints that name. If an image of the same inputs
exists, gentoo-builder prints its name and does not build.

  PACKAGE                 an atom (net-misc/curl, =app-misc/hello-2.10, dev-libs/openssl:0[static-libs]) or a @set

base and ebuild repository
  --base IMAGE            the base image (default: GENTOO_BASE, else gentoo-base if it exists, else gentoo/stage3:latest)
  --tree VOLUME|PATH      the ebuild repository: a volume, or an absolute path on the engine's host
                          (default: the repository mounted in the builder, else the volume gentoo-repository)
  --create-tree           fill an empty tree instead of refusing it
  --no-sync               build from the tree without a sync
  --sync-max-age AGE      do not sync a tree that is younger: 90s, 30m, 24h, 7d
                          (default: 0; 24h for rsync and webrsync, because their mirrors ban frequent callers)

build
  --use "FLAGS"           USE flags for this build
  --jobs N                number of packages that Portage builds in parallel
  --emerge-option=OPTION  an option for emerge, with its leading dashes; repeatable
  --make-conf FILE        the /etc/portage/make.conf for the build; it stays in the image
  --rebuild               build even if an image of the same inputs exists
  --no-binpkgs            neither use nor keep binary packages
  --timeout TIME          end a build that takes longer
  --silence-timeout TIME  end a build that has written nothing to any log for this time
  --tmpfs auto|off|SIZE   build in memory: if enough is free (auto, the default), never (off), or always on this size (4G)
  --min-free SIZE         refuse to start with less free disk space (default: 1G)

result
  --tag NAME              an additional name for the image; an image that has it loses it; repeatable
  --keep-failed           keep the container of a failed build, and print how to enter it
  --dry-run               check the preconditions, print what a build would do, and do nothing

output
  --json                  print one JSON object instead of the image's name
  --log-dir VOLUME|PATH   where the logs are kept (default: the volume gentoo-logs)
  --log-format FORMAT     format of standard error: text or json
  --progress HOW          auto, live or plain: live redraws in place, plain writes lines
  --help, --version

environment
  DOCKER_HOST             the engine (default: unix:///var/run/docker.sock)
  GENTOO_BASE             the default of --base

Exit statuses: 0 success, 1 a defect of gentoo-builder, 2 usage, 10-19 preconditions, 30-39 emerge,
50-51 commit and tag, 59 standard output, 130 interrupted, 143 terminated. docs/exit-statuses.md lists all of them.
`;
