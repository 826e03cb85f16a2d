import { emergeCommand, emergeEnvironment, emergeSyncCommand } from '../../../src/portage/emerge-command.ts';
import type { PackageArgument } from '../../../src/portage/atom.ts';
import { workDirectory } from '../../../src/container/work-directories.ts';
import { comparedTmpfs, type BuilderRun } from '../builder.ts';
import type { TestBed } from '../test-bed.ts';

const changes = ['VOLUME /usr/portage', 'VOLUME /var/tmp/portage', 'CMD ["/bin/bash"]'].join('\n');

/**
 * Makes the indispensable calls of the main job, one after the other, from a running process. emerge gets the same options and
 * environment as from the builder, and builds on a tmpfs of the same size, so that it does the same work. The status stream,
 * which only the live view uses, is left out.
 */
export async function runBareCalls(bed: TestBed): Promise<BuilderRun> {
  await bed.reset();
  const { api, base, atom } = bed;
  const image = bed.imageName('bare');
  const logs = { logdir: '/var/log/portage' };
  const environment = emergeEnvironment({ ...logs, pkgdir: '/var/cache/binpkgs', distdir: '/var/cache/distfiles' });
  const command = emergeCommand({ packages: [atom as PackageArgument], binpkgs: true });

  const { step, seconds, durations } = createTimer();
  const id = await step('start', async () => {
    const Tmpfs = { [workDirectory]: `exec,mode=0755,size=${comparedTmpfs}` };
    const HostConfig = { Init: true, Mounts: bed.mounts(), Tmpfs };
    const body = { Image: base, Entrypoint: ['sleep', 'infinity'], HostConfig };
    const { Id } = await api.call<{ Id: string }>('POST', '/containers/create', body);
    await api.call('POST', `/containers/${Id}/start`);
    return Id;
  });
  await step('sync', () => api.exec(id, emergeSyncCommand({ quiet: true }), emergeEnvironment(logs)));
  await step('emerge', async () => {
    await api.exec(id, command, environment);
    await api.exec(id, ['find', workDirectory, '-mindepth', '1', '-delete']);
  });
  await step('stop', async () => {
    await api.call('POST', `/containers/${id}/kill`);
    await api.call('POST', `/containers/${id}/wait`);
  });
  await step('commit', () => {
    const query = new URLSearchParams({ container: id, repo: image, changes });
    return api.call('POST', `/commit?${query.toString()}`);
  });
  await step('remove', () => api.call('DELETE', `/containers/${id}?v=1`));
  const run = { seconds: seconds(), durations };

  await bed.removeImage(image);
  return run;
}

function createTimer() {
  const durations: Record<string, number> = {};
  const begin = performance.now();
  const since = (start: number) => (performance.now() - start) / 1000;
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await work();
    durations[name] = since(start);
    return value;
  };
  return { durations, step, seconds: () => since(begin) };
}
