/**
 * The sets that Portage 3.0.83 defines (`/usr/share/portage/config/sets/portage.conf`). If a user's set has one of the names,
 * emerge reports an error and exits with 0 (`world`, `system`), or silently uses the user's set instead.
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
