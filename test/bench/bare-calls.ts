import { emergeCommand, emergeEnvironment, syncCommand } from '../../src/portage/emerge-command.ts';
import type { PackageArgument } from '../../src/portage/atom.ts';
import type { BuilderRun } from './builder.ts';
import type { TestBed } from './test-bed.ts';

const changes = ['VOLUME /usr/portage', 'VOLUME /var/tmp/portage', 'CMD ["/bin/bash"]'].join('\n');

/**
 * The calls that the main job cannot do without, one after the other, from a process that runs already. emerge gets the
 * same options and environment as from the builder, so that it does the same work in the same time; the status stream,
 * which serves only the live view, is left out.
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
    const HostConfig = { Init: true, Mounts: bed.mounts() };
    const body = { Image: base, Entrypoint: ['sleep', 'infinity'], HostConfig };
    const { Id } = await api.call<{ Id: string }>('POST', '/containers/create', body);
    await api.call('POST', `/containers/${Id}/start`);
    return Id;
  });
  await step('sync', () => api.exec(id, syncCommand({ quiet: true }), emergeEnvironment(logs)));
  await step('emerge', async () => {
    await api.exec(id, command, environment);
    await api.exec(id, ['rm', '-rf', '/var/tmp/portage']);
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
