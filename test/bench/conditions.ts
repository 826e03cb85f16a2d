import { cpus, loadavg, release, totalmem, type, availableParallelism } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import { runCommand } from '../../setup/process/run-command.js';
import { PROJECT } from '../../setup/places.js';
import { builderImage } from './builder.ts';
import type { EngineApi } from './engine-api.ts';
import { timeCommand } from './time-command.ts';

/** Describes the machine and the programs of a measurement: a few words for each subject. */
export type Conditions = Readonly<Record<string, string>>;

/** How busy the machine is comes from the moment of the call: before anything is measured. */
export async function readConditions(api: EngineApi, base: string): Promise<Conditions> {
  const engine = await api.call<{ Version: string; ApiVersion: string }>('GET', '/version');
  const info = await api.call<{ Driver: string; KernelVersion: string }>('GET', '/info');
  const runIn = async (image: string, program: string) =>
    (await timeCommand('docker', ['run', '--rm', '--entrypoint', program, image, '--version'])).stdout.trim();
  const client = await timeCommand('docker', ['version', '--format', '{{.Client.Version}}']);
  const memory = `${(totalmem() / 1024 ** 3).toFixed(0)} GiB`;
  const load = loadavg()[0]?.toFixed(1);
  return {
    machine: `${cpus()[0]?.model.trim()}, ${availableParallelism()} cpus, ${memory}, ${type()} ${release()}, load ${load} before`,
    engine: `Docker ${engine.Version} (API ${engine.ApiVersion}, ${info.Driver}, kernel ${info.KernelVersion}), docker command ${client.stdout.trim()}`,
    product: `gentoo-builder and zentoo ${packageJson.version}, commit ${await describeCommit()}`,
    node: `${await runIn(builderImage, 'node')} in the image, ${process.version} on the host`,
    base: `${base} with ${/Portage \S+/.exec(await runIn(base, 'emerge'))?.[0]}`,
  };
}

/** The checked-out commit, and whether the sources are unchanged. */
async function describeCommit(): Promise<string> {
  const git = (...args: string[]) => runCommand('git', ['-C', PROJECT, ...args]);
  const commit = await git('rev-parse', '--short=12', 'HEAD');
  if (commit.status !== 0) return 'unknown';
  const { status, stdout } = await git('status', '--porcelain', '--', '.', ':!docs/benchmarks*.md');
  if (status !== 0) return `${commit.stdout.trim()}, perhaps with changes`;
  return `${commit.stdout.trim()}${stdout === '' ? '' : ' with changes'}`;
}
