import { emergeCommand } from '../portage/emerge-command.ts';
import { throwawayFeatures } from '../portage/throwaway-features.ts';
import { workDirectory } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import { describeWork } from './decide-tmpfs.ts';
import { syncMaxAge } from './sync-age.ts';
import { defaultTarget, describeMount, type MountChoice } from './mounts.ts';

/** What a run with these preconditions would do, a line each, as plain sentences. */
export function describeDryRun(request: BuildRequest, ready: Preconditions): readonly string[] {
  const { base, system, tree, treeState } = ready;
  const location = system?.repository.location ?? defaultTarget('tree');
  return [
    ...(base.image ? [] : [`pull the base ${base.name}, which the engine does not have`]),
    `start a container from ${base.name}, with`,
    `  ${describeMount(tree)} at ${location}${madeOnFirstUse(tree, treeState)}`,
    ...[ready.binpkgs, ready.distfiles, ready.logs].flatMap((choice) =>
      choice ? [`  ${describeMount(choice)} at ${defaultTarget(choice.role)}`] : [],
    ),
    `  ${describeWork(ready.tmpfs, workDirectory)}, where packages are built`,
    request.sync ? describeSync(request, ready) : 'leave the tree as it is',
    ...(request.rebuild ? [] : ['end with the image that was made of the same before, if there is one; else']),
    emergeCommand({
      packages: request.packages,
      options: request.emergeOptions,
      jobs: request.jobs,
      binpkgs: request.binpkgs,
    }).join(' '),
    ...describeFeatures(),
    'stop it, and commit it as gentoo-<first 4 characters of its id>' +
      (request.tags.length > 0 ? `, named ${request.tags.join(', ')} as well` : ''),
    'remove it',
  ];
}

function describeFeatures(): readonly string[] {
  return [
    'with FEATURES as the base has them, but',
    ...throwawayFeatures.map(({ features, why }) => `  ${features.join(' ')}: ${why}`),
  ];
}

function describeSync(request: BuildRequest, { system }: Preconditions): string {
  const syncType = system?.repository.syncType ?? '';
  const age = syncMaxAge(request, syncType);
  const how = system === undefined ? '' : ` by ${syncType || 'whatever its repos.conf says'}`;
  return `sync the tree${how}${age > 0 ? `, if it is older than ${age} s` : ''}`;
}

function madeOnFirstUse(tree: MountChoice, state: Preconditions['treeState']): string {
  if (state === 'absent') return ', made and filled';
  return state === 'empty' ? ' (empty), filled' : tree.readOnly ? ', read-only' : '';
}
