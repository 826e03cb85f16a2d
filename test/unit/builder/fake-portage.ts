import type { ExecRequest } from '../../../src/engine/execs.ts';
import type { StoreCheck } from '../../../src/store/check-store.ts';
import type { MovedPackages } from '../../../src/store/move-former.ts';
import type { ExecResult, ExecScript } from '../../support/fake-engine/fake-engine-execs.ts';
import { type Ending, FakeJobs, type Program, type RunningProgram } from '../job/fake-jobs.ts';
import { playUnpacking } from './fake-unpack.ts';

const cleanStore: StoreCheck = {
  ...{ faults: [], unfit: [], unverified: [], packages: 0 },
  ...{ isInOrder: true, signatures: false, remote: false, former: false },
};

/**
 * Plays the commands of `job-scripts.ts` inside a {@link FakeEngine}'s containers: jobs that write to a log, and
 * followers that read it, over connections that a test may cut.
 */
export class FakePortage extends FakeJobs {
  /** The programs of a sync and of an emerge. */
  sync: Program = () => 0;
  emerge: Program = ({ print, container }) => {
    print('>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo\n');
    print('>>> Completed (1 of 1) app-misc/hello-2.10::gentoo\n');
    container.files.set('/usr/bin/hello', {
      kind: 'file',
      data: Buffer.from('hello'),
      linkTarget: '',
      modified: new Date(0),
    });
    return 0;
  };
  /** The result of the emerge. */
  merged: readonly string[] = ['app-misc/hello-2.10'];
  /** The result of the sync: the tree's stamp after it. */
  stamp: string | undefined = '1234 5';
  /** The tree's stamp during the emerge. */
  emergeStamp: string | undefined;
  /** The fields that the settings command prints; the first is the tree's stamp. */
  settings: readonly string[] = ['1234 5', '', 'x86_64-pc-linux-gnu/generic/default-0123456789ab'];
  /** The answers about the partition of the store, one for each question; without one, the partition is in order. */
  readonly storeChecks: (Partial<StoreCheck> | 'fails')[] = [];
  /** The answer about packages of version 0.1.0. */
  former: MovedPackages | 'fails' = { moved: 0, left: [] };
  /** What `missing-packages.py` prints about packages that were not merged. */
  missing:
    { readonly missing: readonly string[]; readonly options: string; readonly origin: string | null } | undefined = {
    missing: [],
    options: '',
    origin: null,
  };
  /** The sizes of the packages in the image, as `package-sizes.py` prints them. */
  sizes = '{}';
  /** The elog files, as `read-elog.sh` prints them. */
  elog = '';
  /** The space of the file systems, as `measure-space.sh` prints it. */
  space = '';
  /** The state of the tree before the emerge, as `record-state.sh` prints it. */
  treeState = '1.5\x000:0\x00755\x001234 5\x00archive\x00';
  /** The changes of the tree after the emerge, as `find-changes.sh` prints them. */
  treeChanges = 'exclusive\x001234 5\x00';
  /** The result of a restoration of the tree, as `restore-tree.sh` prints it. */
  restoration = 'restored\n';
  /** The texts of log files that `tail` prints. */
  readonly logs = new Map<string, string>();
  /** The number of seconds since a log was last written. */
  secondsOfSilence = (): number => 0;
  /** All commands that were run, by the name of the script or the first word. */
  readonly ran: { readonly name: string; readonly request: ExecRequest }[] = [];

  /** Forgets all commands that were run, as in new containers. */
  forget(): void {
    this.ran.length = 0;
    this.forgetJobs();
  }

  /** The names of all commands that were run, in order. */
  get names(): readonly string[] {
    return this.ran.map(({ name }) => name);
  }

  /** The first command that was run under this name; throws if there is none. */
  request(name: string): ExecRequest {
    const found = this.ran.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not run, but ${this.names.join(', ')}`);
    return found.request;
  }

  /** Plays an exec; use it as the `onExec` of a {@link FakeEngine}. */
  readonly script: ExecScript = (container, request, streams) => {
    const name = nameOf(request.command);
    this.ran.push({ name, request });
    switch (name) {
      case 'sync':
      case 'emerge':
      case 'emerge-again':
      case 'emerge-on-volume':
        return this.runJob(name, container, request, (running) => this.#play(name, running));
      case 'follow':
        return this.followJob(request.command, streams);
      case 'settings':
        return { stdout: this.settings.map((field) => `${field}\0`).join('') };
      case 'check-store':
        return answerCheck(this.storeChecks.shift());
      case 'move-former':
        return this.former === 'fails' ? { stderr: 'KeyError: x\n' } : { stdout: JSON.stringify(this.former) };
      case 'kind':
        return { stdout: container.findFile(request.command.at(-1) ?? '')?.kind ?? '' };
      case 'unpack':
        return playUnpacking(container, request, streams);
      case 'space':
        return { stdout: this.space };
      case 'zentoo-elog':
        return { stdout: this.elog };
      case 'python3':
        return { stdout: this.sizes };
      case 'lock':
        return { stdout: this.missing === undefined ? '' : `noise\n${JSON.stringify(this.missing)}\n` };
      case 'state':
        return { stdout: this.treeState };
      case 'changes':
        return { stdout: this.treeChanges };
      case 'restore':
        return { stdout: this.restoration };
      case 'silence':
        return { stdout: `${this.secondsOfSilence()}\n` };
      case 'tail':
        return { stdout: this.logs.get(request.command.at(-1) ?? '') ?? '' };
      case 'terminate':
        this.terminateJobs();
        return {};
      default:
        return {};
    }
  };

  #emerged(): readonly string[] {
    return [...this.merged, ...(this.emergeStamp === undefined ? [] : [`tree ${this.emergeStamp}`])];
  }

  async #play(name: string, running: RunningProgram): Promise<Ending> {
    const ending = await (name === 'sync' ? this.sync(running) : this.emerge(running));
    const result = name === 'sync' ? [this.stamp].flatMap((stamp) => stamp ?? []) : this.#emerged();
    for (const line of result) running.record(line);
    return ending;
  }
}

function answerCheck(check: Partial<StoreCheck> | 'fails' = {}): ExecResult {
  if (check === 'fails') return { stderr: 'AttributeError: _setcpv_aux_keys\n' };
  return { stdout: JSON.stringify({ ...cleanStore, ...check }) };
}

function nameOf(command: readonly string[]): string {
  if (command[0] !== '/bin/sh') return command[0] ?? '';
  // For a command under the tree's lock, the name is that of the inner command.
  const isLock = command[3] === 'gentoo-builder-lock';
  const program = isLock ? command.join(' ').match(/"""(check-store|move-former) /)?.[1] : undefined;
  if (program !== undefined) return program;
  const locked = isLock && command.find((word) => /^gentoo-builder-(?:settings|state)$/.test(word));
  return (locked || (command[3] ?? '')).replace('gentoo-builder-', '');
}
