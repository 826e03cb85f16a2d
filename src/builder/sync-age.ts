import type { BuildRequest } from './build-request.ts';

/** The mirrors of these sync types ask their users to sync at most once a day. */
const politeAge = 24 * 3600;
const mirrored = new Set(['rsync', 'webrsync']);

/** The age in seconds below which a tree is not synced: from the request, else the default of the sync type. */
export function syncMaxAge(request: BuildRequest, syncType: string): number {
  return request.syncMaxAge ?? (mirrored.has(syncType) ? politeAge : 0);
}
