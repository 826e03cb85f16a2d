/** Three lines for somebody who gave no arguments. */
export const usage = `usage: gentoo-builder [options] PACKAGE...
  PACKAGE is an atom (net-misc/curl, =app-misc/hello-2.10, dev-libs/openssl:0[static-libs]) or a @set
  gentoo-builder --help lists the options`;

/** The text of `--help`. */
export const help = `usage: gentoo-builder [options] PACKAGE...

Builds Gentoo packages with real Portage in a container of a base image, commits the result as an image
named gentoo-<first characters of the container's id>, and prints that name. Where the same was built from the
same before, the image is that one.

  PACKAGE                 an atom (net-misc/curl, =app-misc/hello-2.10, dev-libs/openssl:0[static-libs]) or a @set

what to build from
  --base IMAGE            the image to start from (default: GENTOO_BASE, gentoo-base if there is one, gentoo/stage3:latest)
  --tree VOLUME|PATH      the ebuild repository: a volume, or an absolute path on the engine's host
                          (default: what is mounted in the builder, else the volume gentoo-repository)
  --create-tree           fill an empty tree instead of refusing it
  --no-sync               build from the tree as it is
  --sync-max-age AGE      do not sync a tree that is younger, as in 90s, 30m, 24h, 7d
                          (default: 0; 24h for rsync and webrsync, whose mirrors ban frequent callers)

how to build
  --use "FLAGS"           USE flags for this build
  --jobs N                packages that Portage builds at once
  --emerge-option=OPTION  an option for emerge, with its leading dashes; may be repeated
  --make-conf FILE        the /etc/portage/make.conf to build with; it stays in the image
  --rebuild               build even if an image was made of the same before
  --no-binpkgs            neither use nor keep binary packages
  --timeout TIME          end a build that takes longer
  --silence-timeout TIME  end a build that has written nothing to any log for so long
  --tmpfs auto|off|SIZE   build in memory: where enough is free (the default), never, or always, with so much (4G)
  --min-free SIZE         refuse to start with less disk space (default: 1G)

what to do with it
  --tag NAME              name the image so as well; may be repeated
  --keep-failed           leave the container of a failed build, and say how to enter it
  --dry-run               check everything, say what would be done, and do nothing

what to show
  --json                  print one JSON object instead of the image's name
  --log-dir VOLUME|PATH   where the whole log is kept (default: the volume gentoo-logs)
  --log-format FORMAT     text or json: what is written to standard error
  --progress HOW          auto, live or plain: live redraws, plain writes lines
  --help, --version

environment
  DOCKER_HOST             the engine (default: unix:///var/run/docker.sock)
  GENTOO_BASE             the default of --base

Exit statuses: 0 done, 1 a defect of gentoo-builder, 2 usage, 10-19 something was not there or not usable,
30-39 emerge, 50-51 commit and tag, 130 interrupted, 143 terminated.
`;
