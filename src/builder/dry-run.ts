import { emergeCommand } from '../portage/emerge-command.ts';
import { throwawayFeatures } from '../portage/throwaway-features.ts';
import { workDirectory } from '../container/work-directories.ts';
import { syncMaxAge, type BuildRequest } from './build-request.ts';
import { describeMovedTag, type Preconditions } from './check-preconditions.ts';
import { describeWorkDirectory } from '../emerge/decide-tmpfs.ts';
import { defaultTarget, describeMount, type MountChoice } from '../container/mounts.ts';

/** Describes the steps that a run with these preconditions would take, one per line. */
export function describeDryRun(request: BuildRequest, ready: Preconditions): readonly string[] {
  const { base, system, tree, treeState } = ready;
  const location = system?.repository.location ?? defaultTarget('tree');
  return [
    ...(base.image ? [] : [`pull the base ${base.name}, which the engine does not have`]),
    `start a container from ${base.name}, with`,
    `  ${describeMount(tree)} at ${location}${madeOnFirstUse(tree, treeState)}`,
    ...[ready.binpkgs, ready.distfiles, ready.metadata, ready.logs].flatMap((choice) =>
      choice ? [`  ${describeMount(choice)} at ${defaultTarget(choice.role)}`] : [],
    ),
    `  ${describeWorkDirectory(ready.tmpfs, workDirectory)}, where packages are built`,
    request.sync ? describeSync(request, ready) : 'leave the tree as it is',
    ...(request.rebuild ? [] : ['if there is an image of the same inputs, return it and stop here; else']),
    emergeCommand({
      packages: request.packages,
      options: request.emergeOptions,
      jobs: request.jobs,
      binpkgs: request.binpkgs,
    }).join(' '),
    ...describeFeatures(),
    'stop it, and commit it as gentoo-<first 4 characters of its id>' +
      (request.tags.length > 0 ? `, named ${request.tags.join(', ')} as well` : ''),
    ...ready.movedTags.map(describeMovedTag),
    'remove it',
  ];
}

function describeFeatures(): readonly string[] {
  return [
    'with the FEATURES of the base, except',
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
  if (state === 'absent') return ', created and filled';
  return state === 'empty' ? ' (empty), filled' : tree.readOnly ? ', read-only' : '';
}
