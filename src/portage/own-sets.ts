/**
 * The sets that Portage 3.0.83 brings (`/usr/share/portage/config/sets/portage.conf`). A user's set of such a name is an
 * error that emerge ends with 0 for (`world`, `system`), or silently stands in the place of Portage's.
 */
export const portageOwnSets: ReadonlySet<string> = new Set([
  'changed-deps',
  'changed-subslot',
  'deprecated-live-rebuild',
  'downgrade',
  'golang-rebuild',
  'installed',
  'live-rebuild',
  'module-rebuild',
  'preserved-rebuild',
  'profile',
  'rebuilt-binaries',
  'rust-rebuild',
  'security',
  'selected',
  'selected-packages',
  'selected-sets',
  'system',
  'unavailable',
  'world',
  'x11-module-rebuild',
  // The section that reads /etc/portage/sets.
  'usersets',
]);
