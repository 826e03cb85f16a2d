import type { EngineApi } from './engine-api.ts';

const volume = 'gentoo-logs';
const script = 'rm -rf -- /logs/*"$1"*; [ -z "$(ls -A /logs)" ]';

/** Whether the engine has the volume of logs that all sites share. */
export async function hasSharedLogs(api: EngineApi): Promise<boolean> {
  const { Volumes } = await api.call<{ Volumes: readonly { Name: string }[] | null }>('GET', '/volumes');
  return (Volumes ?? []).some(({ Name }) => Name === volume);
}

/**
 * Removes the logs with a word in their names from the volume that all sites share. Also removes the volume if the benchmark
 * made it and no other program has written to it.
 */
export async function removeSiteLogs(
  api: EngineApi,
  { image, word, keepVolume }: { readonly image: string; readonly word: string; readonly keepVolume: boolean },
): Promise<void> {
  if (!(await hasSharedLogs(api))) return;
  const { Id } = await api.call<{ Id: string }>('POST', '/containers/create', {
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script, 'sh', word],
    HostConfig: { Mounts: [{ Type: 'volume', Source: volume, Target: '/logs' }] },
  });
  await api.call('POST', `/containers/${Id}/start`);
  const { StatusCode } = await api.call<{ StatusCode: number }>('POST', `/containers/${Id}/wait`);
  await api.remove(`/containers/${Id}?v=1`);
  if (StatusCode === 0 && !keepVolume) await api.remove(`/volumes/${volume}`);
}
