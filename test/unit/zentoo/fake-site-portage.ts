import { basename } from 'node:path';
import { readProgram } from '../../../src/container-program.ts';
import type { StoreCheck } from '../../../src/store/check-store.ts';
import type { MovedPackages } from '../../../src/store/move-former.ts';
import type { ExecRequest } from '../../../src/engine/execs.ts';
import type { ExecResult, ExecScript } from '../../support/fake-engine/fake-engine-execs.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';
import { playUnpacking } from '../builder/fake-unpack.ts';
import { FakeJobs, type Ending, type Program, type RunningProgram } from '../job/fake-jobs.ts';
import { FakeEbuilds, nameOf } from './fake-ebuilds.ts';
import { stagedIn, takeIn } from './fake-intake.ts';
import { archiveRoot, elogIn, FakeRoot, installedIn, sizesIn } from './fake-root.ts';

const cleanStore: StoreCheck = {
  ...{ faults: [], unfit: [], unverified: [], packages: 0 },
  ...{ isInOrder: true, signatures: false, remote: false, former: false },
};

/** The Python programs that run in a site's containers; a command has their text only. */
const pythonPrograms = new Map(
  [
    ...['compile/set-atoms.py', 'output/survey-root.py', 'buildmaster/toolchain.py', 'engines/supply.py'].map(
      (name) => `zentoo/${name}`,
    ),
    ...[
      ...['check-root.py', 'check-store.py', 'dependencies.py', 'installed-packages.py', 'move-former.py'],
      ...['package-sizes.py', 'intake/stage-index.py', 'intake/take-in.py'],
    ].map((name) => `store/${name}`),
  ].map((path) => [readProgram(new URL(`../../../src/${path}`, import.meta.url)), basename(path)]),
);

/** A program that was run in a container. */
export interface RanProgram {
  /** The name of a job, a script or a Python file; else the first word of the command. */
  readonly name: string;
  /** The words after the program. */
  readonly args: readonly string[];
  readonly container: FakeContainer;
  readonly request: ExecRequest;
}

/**
 * Plays Portage and the programs of zentoo in the containers of a site. It reads what zentoo wrote there: the sets and PKGDIR of
 * make.conf. Binary packages and installed packages are files, so they are in volumes and images.
 */
export class FakeSitePortage {
  ebuilds = new FakeEbuilds([]);
  /** What jobs do instead of what this class does, by the job's name: `emerge-compile`, `hook-finish`. */
  readonly jobs = new Map<string, Program>();
  /** What other programs print, by their names. */
  readonly answers = new Map<string, ExecResult>();
  readonly ran: RanProgram[] = [];
  /** The packages that were compiled, in order, `category/name-version` each. */
  readonly compiled: string[] = [];
  /** What becomes of packages of zentoo 0.1.0; by default, the store has none. */
  former: MovedPackages = { moved: 0, left: [] };
  /** What the store is found to be, one for each question; without one, it is in order. */
  readonly storeChecks: Partial<StoreCheck>[] = [];
  /** The paths of packages that a compilation finds damaged when it merges its dependencies, one for each compilation. */
  readonly damagedDependencies: string[] = [];
  /** Why the store refuses new packages, by `category/name-version`. */
  readonly damagedNew = new Map<string, { readonly why: string; readonly again: boolean }>();
  /** The installed packages without a binary package, one list for each question; without one, there are none. */
  readonly unpackaged: (readonly string[])[] = [];
  /** The paths of packages that an assembly finds damaged, one for each assembly. */
  readonly damaged: string[] = [];
  readonly #jobsByContainer = new Map<string, FakeJobs>();

  /** The arguments of each run of a program, in order. */
  runs(name: string): readonly (readonly string[])[] {
    return this.ran.filter((one) => one.name === name).map(({ args }) => args);
  }

  /** To be an engine's `onExec`. */
  readonly script: ExecScript = (container, request, streams) => {
    const { name, args } = identifyProgram(request.command);
    this.ran.push({ name, args, container, request });
    const given = this.answers.get(name);
    if (given !== undefined) return given;
    const jobs = this.#jobsByContainer.get(container.id) ?? new FakeJobs();
    this.#jobsByContainer.set(container.id, jobs);
    if (isJob(name)) return jobs.runJob(name, container, request, this.jobs.get(name) ?? this.#programOf(name));
    switch (name) {
      case 'follow':
        return jobs.followJob(request.command, streams);
      case 'terminate':
        jobs.terminateJobs();
        return {};
      case 'unpack':
        return playUnpacking(container, request, streams);
      default:
        return this.#answer(name, args, container, request);
    }
  };

  /** Plays a short program. */
  #answer(
    name: string,
    args: readonly string[],
    container: FakeContainer,
    request: ExecRequest,
  ): ExecResult | Promise<ExecResult> {
    const root = new FakeRoot(container, request.environment ?? {});
    switch (name) {
      case 'settings':
        return { stdout: `1234 5\0yes\0${root.partition(args.at(args.indexOf('-c') + 2))}\0yes\0` };
      case 'chost':
        return { stdout: ' 9 x86_64-pc-linux-gnu\n' };
      case 'cpu':
        return { stdout: 'flags : sse sse2\n\0#define __x86_64__ 1\n' };
      case 'set-atoms.py':
        return { stdout: JSON.stringify(root.setAtoms(args[0] ?? '').map((atom) => this.#describeAtom(root, atom))) };
      case 'dependencies.py':
        return { stdout: JSON.stringify({ needs: this.#needs(args), inputs: this.#inputs(args) }) };
      case 'check-store.py':
        return { stdout: JSON.stringify(this.#checkStore(container, args)) };
      case 'move-former.py':
        return { stdout: JSON.stringify(this.former) };
      case 'check-root.py':
        return { stdout: JSON.stringify(this.#checkRoot(root, args)) };
      case 'staged':
        return { stdout: stagedIn(container, args[0] ?? '') };
      case 'take-in.py':
        return { stdout: JSON.stringify(takeIn(container, args, this.damagedNew)) };
      case 'supply.py':
        return { stdout: JSON.stringify(this.#supply(container, args)) };
      case 'unpackaged':
        return { stdout: '' };
      case 'installed-packages.py':
        return { stdout: JSON.stringify(installedIn(container, args[0] ?? '')) };
      case 'package-sizes.py':
        return { stdout: JSON.stringify(sizesIn(container, args[0] ?? '', args[1] ?? '')) };
      case 'elog':
        return { stdout: elogIn(container, args[0] ?? '') };
      case 'survey-root.py':
        return { stdout: JSON.stringify({ mounts: [], complaints: [], engineFiles: [] }) };
      case 'archive':
      case 'import':
        return archiveRoot(container, args);
      case 'find-shell':
        return { stdout: '/bin/bash\n' };
      case 'cat':
        return { stdout: container.findFile(args[0] ?? '')?.data ?? '' };
      default:
        return {};
    }
  }

  /** Answers with the next state of the store. A repair moves each unfit file away. */
  #checkStore(container: FakeContainer, [mode, pkgdir]: readonly string[]): StoreCheck {
    const check = { ...cleanStore, ...this.storeChecks.shift() };
    for (const { path } of mode === 'mend' ? check.unfit : []) {
      const place = container.filesAt(`${pkgdir}/${path}`);
      place.files.delete(place.path);
    }
    return check;
  }

  /** The packages of the dependencies that the store has, and the sources, which are in DISTDIR as soon as they were fetched. */
  #supply(
    container: FakeContainer,
    [pkgdir = '', , , dependencies = '[]', packages = '[]']: readonly string[],
  ): object {
    const cpvs = (JSON.parse(dependencies) as readonly string[]).filter(
      (cpv) => container.findFile(`${pkgdir}/${cpv}.gpkg.tar`) !== undefined,
    );
    const names = (JSON.parse(packages) as readonly { readonly cpv: string }[]).map(
      ({ cpv }) => `${basename(cpv)}.tar`,
    );
    const isThere = (name: string) => container.findFile(`/var/cache/distfiles/${name}`) !== undefined;
    return {
      index: cpvs.map((cpv) => `CPV: ${cpv}\n\n`).join(''),
      packages: cpvs.map((cpv) => `${cpv}.gpkg.tar`),
      sources: names.filter(isThere),
      absent: names.filter((name) => !isThere(name)),
      frozen: true,
    };
  }

  #programOf(name: string): Program {
    if (name === 'emerge-compile') return (running) => this.#compile(running);
    if (name === 'emerge-assemble') return (running) => this.#assemble(running);
    return name.startsWith('emerge-pretend-') ? (running) => this.#pretend(running) : () => 0;
  }

  #describeAtom(root: FakeRoot, atom: string): object {
    const cpv = this.ebuilds.find(atom)?.cpv ?? '';
    const installed = root.hasInstalled(cpv);
    return { atom, package: atom, installed, matches: installed ? [{ cpv, slot: '0', repository: 'gentoo' }] : [] };
  }

  /** Lists what emerge would merge for the set of the request. */
  #pretend({ command, container, environment, print }: RunningProgram): Ending {
    const root = new FakeRoot(container, environment);
    const atoms = root.setAtoms(setIn(command));
    const unknown = atoms.find((atom) => this.ebuilds.find(atom) === undefined);
    if (unknown !== undefined) {
      print(`\nemerge: there are no ebuilds to satisfy "${unknown}".\n`);
      return 1;
    }
    const to = root.path === '' ? '' : ` to ${root.path}/`;
    for (const { cpv } of this.ebuilds.close(atoms))
      print(`[${root.hasStored(cpv) ? 'binary' : 'ebuild'}  N     ] ${cpv}::gentoo${to} 0 KiB\n`);
    return 0;
  }

  /** Compiles the packages that are requested with their repository, and merges the others from the store. */
  #compile({ command, container, environment, print, record }: RunningProgram): Ending {
    const root = new FakeRoot(container, environment);
    const atoms = command.slice(command.indexOf('emerge')).filter((word) => word.startsWith('='));
    const wanted = this.ebuilds.close(atoms).filter(({ cpv }) => atoms.some((atom) => atom.startsWith(`=${cpv}`)));
    for (const [index, ebuild] of wanted.entries()) {
      const { cpv, fails = false } = ebuild;
      const count = `(${index + 1} of ${wanted.length}) ${cpv}::gentoo`;
      const isStored = root.hasStored(cpv);
      print(`>>> Emerging ${isStored ? 'binary ' : ''}${count}\n`);
      const damaged = isStored ? this.damagedDependencies.shift() : undefined;
      if (damaged !== undefined) {
        print(`\n!!! Digest verification failed:\n!!! ${damaged}\n!!! Reason: Failed on SHA1 verification\n`);
        return 1;
      }
      if (!isStored && fails) return failCompilation(cpv, print);
      if (!isStored) {
        this.compiled.push(cpv);
        root.store(cpv);
      }
      root.install(ebuild);
      print(`>>> Completed ${count}\n`);
      record(cpv);
    }
    return 0;
  }

  /** Merges a set from the store. */
  #assemble({ command, container, environment, print, record }: RunningProgram): Ending {
    const root = new FakeRoot(container, environment);
    const wanted = this.ebuilds.close(root.setAtoms(setIn(command)));
    for (const [index, ebuild] of wanted.entries()) {
      if (!root.hasStored(ebuild.cpv)) return 1;
      const count = `(${index + 1} of ${wanted.length}) ${ebuild.cpv}::gentoo`;
      print(`>>> Emerging binary ${count}\n`);
      const damaged = this.damaged.shift();
      if (damaged !== undefined) {
        print(`\n!!! Digest verification failed:\n!!! ${damaged}\n!!! Reason: Failed on MD5 verification\n`);
        print(`Traceback (most recent call last):\nOSError: [Errno 30] Read-only file system: '${damaged}'\n`);
        return 143;
      }
      root.install(ebuild);
      print(`>>> Completed ${count}\n`);
      record(ebuild.cpv);
    }
    return 0;
  }

  #needs(args: readonly string[]): readonly (readonly number[])[] {
    const names = args.map((text) => /"cpv":"([^"]+)"/.exec(text)?.[1] ?? '').map(nameOf);
    return names.map((name) =>
      (this.ebuilds.find(name)?.needs ?? []).map((need) => names.indexOf(need)).filter((position) => position >= 0),
    );
  }

  /** What the packages are compiled from: their ebuilds, and the versions of what they need. */
  #inputs(args: readonly string[]): readonly string[] {
    return args.map((text) => {
      const cpv = /"cpv":"([^"]+)"/.exec(text)?.[1] ?? '';
      const own = this.ebuilds.find(`=${cpv}`);
      return [...this.ebuilds.close([nameOf(cpv)]).map((ebuild) => ebuild.cpv), own?.text ?? ''].join(' ');
    });
  }

  #checkRoot(root: FakeRoot, [question = '', , ...wanted]: readonly string[]): readonly (object | string)[] {
    if (question === 'closure') return this.unpackaged.shift() ?? [];
    const atoms = wanted.flatMap((word) => (word.startsWith('@') ? root.setAtoms(word.slice(1)) : []));
    const cpvs = this.ebuilds.close(atoms).map(({ cpv }) => cpv);
    if (question === 'missing')
      return cpvs.filter((cpv) => !root.hasStored(cpv)).map((cpv) => ({ atom: `=${cpv}`, for: '' }));
    if (question === 'installed')
      return cpvs
        .filter((cpv) => !root.hasInstalled(cpv))
        .map((cpv) => ({ atom: `=${cpv}`, cpv: null, why: 'absent' }));
    return [];
  }
}

function failCompilation(cpv: string, print: RunningProgram['print']): Ending {
  print(`>>> Failed to emerge ${cpv}, Log file:\n>>>  '/var/tmp/portage/${cpv}/temp/build.log'\n`);
  print(` * ERROR: ${cpv}::gentoo failed (compile phase):\n *   emake failed\n`);
  return 1;
}

/** The set that a command of emerge names last. */
function setIn(command: readonly string[]): string {
  return command.findLast((word) => word.startsWith('@') && word !== '@system')?.slice(1) ?? '';
}

function isJob(name: string): boolean {
  return /^(?:(?:emerge|hook)-|sync$|metadata$)/.test(name);
}

/** The name of the program of a command, below locks of trees, and the words after it. */
function identifyProgram(command: readonly string[]): Pick<RanProgram, 'name' | 'args'> {
  // The text of a Python program, or the name of a shell program.
  const [first = '', , , name = ''] = command;
  if (first === 'python3') {
    // The modules of a program stand before its text.
    const program = [...pythonPrograms].find(([text]) => name.endsWith(text));
    return { name: program?.[1] ?? first, args: command.slice(4) };
  }
  if (first !== '/bin/sh') return { name: first, args: command.slice(1) };
  if (name === 'gentoo-builder-lock') return identifyProgram(command.slice(8));
  return { name: name.replace(/^(?:gentoo-builder|zentoo)-/, ''), args: command.slice(4) };
}
