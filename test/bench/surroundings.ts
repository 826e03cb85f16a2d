import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import { builderImage } from './builder.ts';
import type { TestBed } from './test-bed.ts';
import { timeCommand } from './time-command.ts';

/** What the figures below it were measured on and with, and how busy the machine was before. */
export async function describeSurroundings(bed: TestBed, runs: number): Promise<string> {
  const engine = await bed.api.call<{ Version: string; ApiVersion: string }>('GET', '/version');
  const { Driver } = await bed.api.call<{ Driver: string }>('GET', '/info');
  const portage = /Portage (\S+)/.exec(await bed.api.exec(bed.container, ['emerge', '--version']))?.[1];
  const node = await timeCommand('docker', ['run', '--rm', '--entrypoint', 'node', builderImage, '--version']);
  const client = await timeCommand('docker', ['version', '--format', '{{.Client.Version}}']);
  const memory = `${(totalmem() / 1024 ** 3).toFixed(0)} GiB`;
  return [
    `gentoo-builder ${packageJson.version} on Node ${node.stdout.trim()}; Docker ${engine.Version} (API ${engine.ApiVersion}, ${Driver}), docker command ${client.stdout.trim()};`,
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${memory}, ${type()} ${release()}, load ${loadavg()[0]?.toFixed(1)};`,
    `${bed.atom} with Portage ${portage} in ${bed.base}; ${runs} of each, in turns`,
  ].join('\n');
}
