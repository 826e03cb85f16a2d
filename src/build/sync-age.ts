import type { BuildRequest } from './build-request.ts';

/** What mirrors of these sync types ask of their users: at most one sync a day. */
const politeAge = 24 * 3600;
const mirrored = new Set(['rsync', 'webrsync']);

/** The age in seconds below which a tree is not synced: what the request says, or what the sync type asks for. */
export function syncMaxAge(request: BuildRequest, syncType: string): number {
  return request.syncMaxAge ?? (mirrored.has(syncType) ? politeAge : 0);
}
