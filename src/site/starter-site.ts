import type { NewFile } from './git/write-repository.ts';

/** What `zentoo init` writes, apart from how. All of it is for the ministage. */
export interface StarterSite {
  /** Plain files, by their paths in the site. */
  readonly files: Readonly<Record<string, string>>;
  readonly portage: readonly StarterBranch[];
  readonly buildhooks: readonly StarterBranch[];
}

interface StarterBranch {
  readonly name: string;
  readonly files: readonly NewFile[];
}

/** A small site with a name: two processors and a third for musl, two portage branches, hooks, a set, three tuples. */
export function starterSite(name: string): StarterSite {
  return {
    files: { 'site.yaml': siteYaml(name), 'config/tuples': tuples, 'config/sets/tools': tools, '.gitignore': ignored },
    portage: [
      { name: 'base', files: basePortage },
      { name: 'musl', files: muslPortage },
    ],
    buildhooks: [{ name: 'plain', files: plainHooks }],
  };
}

const siteYaml = (name: string) => `# A zentoo site. The other parts of it:
#   config/portage      a git repository; every branch is one whole /etc/portage
#   config/buildhooks   a git repository; every branch is one set of hooks
#   config/sets         package sets that all branches share; config/portage/sets is a link to it
#   config/tuples       what is built
# Only what is committed in the two repositories is built.

# Part of the names of all images, containers and volumes of this site.
name: ${name}

# What goes into make.conf for each kind of processor; CPU_FLAGS_X86 is what cpuid2cpuflags prints.
cpus:
  x86-64:
    CHOST: x86_64-pc-linux-gnu
    CFLAGS: -O2 -pipe -march=x86-64
  x86-64-v2:
    CHOST: x86_64-pc-linux-gnu
    CFLAGS: -O2 -pipe -march=x86-64-v2
    CPU_FLAGS_X86: mmx mmxext popcnt sse sse2 sse3 sse4_1 sse4_2 ssse3
  x86-64-musl:
    CHOST: x86_64-pc-linux-musl
    CFLAGS: -O2 -pipe -march=x86-64

# The images that portage branches start from. A real stage is gentoo/stage3:latest.
stages:
  ministage:
    image: gentoo-ministage
    # none, toolchain (libc, binutils, gcc) or system (all of @system): what is compiled anew for each processor.
    optimize: none

# What each tuple is made into, unless it says otherwise: image, archive.
outputs: [image]

# Tuples with options, or with names that could be read in two ways.
tuples:
  - cpu: x86-64-musl
    portage: musl
    buildhooks: plain
    packages: tools
    # The stage's own compiler compiles for another CHOST.
    cross: true
    outputs: [image, archive]
`;

// What zentoo build makes.
const ignored = '/output/\n';

const tuples = `# One tuple a line: <cpu>-<portage>-<buildhooks>-<packages>
x86-64-base-plain-tools
x86-64-v2-base-plain-tools
`;

const tools = `# A package set: one atom or @set a line.
app-misc/greet
app-misc/timepiece:2
`;

const reposConf = `# The ministage carries its ebuild repository itself.
[DEFAULT]
main-repo = gentoo

[gentoo]
location = /var/db/repos/gentoo
sync-type = git
sync-uri = file:///var/lib/ministage/gentoo.git
sync-depth = 1
auto-sync = yes
sync-git-verify-commit-signature = no
sync-rsync-verify-metamanifest = no
sync-webrsync-verify-signature = no
sync-openpgp-key-path =
`;

const shared: readonly NewFile[] = [{ path: 'repos.conf/gentoo.conf', type: 'file', content: reposConf }];

const basePortage: readonly NewFile[] = [
  ...shared,
  {
    path: 'make.conf',
    type: 'file',
    content: `# CHOST, CFLAGS and CPU_FLAGS_* come from the tuple's cpu in site.yaml.
LC_MESSAGES="C.UTF-8"
`,
  },
  {
    path: 'make.profile',
    type: 'symlink',
    content: '../../var/db/repos/gentoo/profiles/default/linux/amd64/ministage',
  },
  {
    path: 'package.use/greet',
    type: 'file',
    content: `app-misc/greet loud
dev-libs/greeting shout
`,
  },
];

const muslPortage: readonly NewFile[] = [
  ...shared,
  {
    path: 'make.conf',
    type: 'file',
    content: `# CHOST, CFLAGS and CPU_FLAGS_* come from the tuple's cpu in site.yaml; the compiler runs on this machine.
CBUILD="x86_64-pc-linux-gnu"
LC_MESSAGES="C.UTF-8"
`,
  },
  // A directory and no link: it is the same profile wherever this branch lies.
  { path: 'make.profile/eapi', type: 'file', content: '6\n' },
  { path: 'make.profile/parent', type: 'file', content: 'gentoo:default/linux/amd64/ministage/musl\n' },
];

const plainHooks: readonly NewFile[] = [
  {
    path: 'finish',
    type: 'executable',
    content: `#!/bin/sh
# Runs when the root is assembled, before it is made into an image or an archive. ZENTOO_ROOT is where that root lies: /
# but for tuples that are cross. The other hooks: buildmaster, compile, assemble.
set -eu
printf '%s\\n' "$ZENTOO_TUPLE" >"\${ZENTOO_ROOT-}/etc/zentoo-tuple"
`,
  },
];
