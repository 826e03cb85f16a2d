import { readProgram } from '../container-program.ts';
import type { NewFile } from './git/write-repository.ts';

/** The files that `zentoo init` writes. The site builds on the ministage. */
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

/** A small site: two processors and a third one for musl, two portage branches, hooks, a set, three tuples. */
export function starterSite(name: string, id: string): StarterSite {
  return {
    files: {
      'site.yaml': siteYaml(name, id),
      'config/tuples': tuples,
      'config/sets/tools': tools,
      '.gitignore': ignored,
    },
    portage: [
      { name: 'base', files: basePortage },
      { name: 'musl', files: muslPortage },
    ],
    buildhooks: [{ name: 'plain', files: plainHooks() }],
  };
}

const siteYaml = (name: string, id: string) => `# A zentoo site. The other parts of it:
#   config/portage      a git repository; every branch is one whole /etc/portage
#   config/buildhooks   a git repository; every branch is one set of hooks
#   config/sets         package sets that all branches share; config/portage/sets is a link to it
#   config/tuples       the tuples to build
# zentoo builds only the committed files of the two repositories.

# A part of the names of all images and containers of this site.
name: ${name}

# The identity of the site, a part of the names of its volumes. All clones of the site keep it; a site that is made from a copy needs
# another one: zentoo init --new-id
id: ${id}

# The settings of make.conf for each kind of processor. cpuid2cpuflags prints CPU_FLAGS_X86.
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
    # The part of the stage to recompile for each processor: none, toolchain (libc, binutils, gcc) or system (@system).
    optimize: none

# The outputs of each tuple that does not name its own: image, archive.
outputs: [image]

# Tuples with options, or with a name that can be read in two ways.
tuples:
  - cpu: x86-64-musl
    portage: musl
    buildhooks: plain
    packages: tools
    # The stage's own compiler compiles for another CHOST.
    cross: true
    outputs: [image, archive]
`;

// zentoo build writes archives to this directory.
const ignored = '/output/\n';

const tuples = `# One tuple a line: <cpu>-<portage>-<buildhooks>-<packages>
x86-64-base-plain-tools
x86-64-v2-base-plain-tools
`;

const tools = `# A package set: one atom or @set a line.
app-misc/greet
app-misc/timepiece:2
`;

const reposConf = `# The ministage contains its ebuild repository.
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
  // A directory instead of a link selects the same profile wherever this branch is installed.
  { path: 'make.profile/eapi', type: 'file', content: '6\n' },
  { path: 'make.profile/parent', type: 'file', content: 'gentoo:default/linux/amd64/ministage/musl\n' },
];

/** The hooks of the branch `plain`. */
function plainHooks(): readonly NewFile[] {
  const content = readProgram(new URL('./starter-hook.sh', import.meta.url));
  return [{ path: 'finish', type: 'executable', content }];
}
