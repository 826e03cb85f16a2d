import type { Atom } from '../../portage/atom.ts';
import { bigDirectory } from '../build-container.ts';

// Portage reads package.env when it starts, so that what is added for it alone is in no partition's digest and in no image.
const script = `
temporary=$1 configuration=$2 kept=$1/kept-$3 atoms=$4
shift 4
name=zentoo-big-packages.conf made=
variables=$configuration/env/$name
list=$configuration/package.env
mkdir -p "$temporary" && chmod 1777 "$temporary" || exit
[ -d "$configuration/env" ] || made=$configuration/env
mkdir -p "$configuration/env" && printf 'PORTAGE_TMPDIR="%s"\\n' "$temporary" >"$variables" || exit
if [ -d "$list" ]; then
  last=$(LC_ALL=C ls "$list" | tail -n 1)
  list=$list/$last-zentoo
fi
rm -f "$kept"
if [ -e "$list" ]; then
  cp -p "$list" "$kept" && echo >>"$list" || exit
fi
printf '%s\\n' "$atoms" | sed "s/\\$/ $name/" >>"$list" || exit
"$@"
status=$?
if [ -e "$kept" ]; then
  cat "$kept" >"$list" && touch -r "$kept" "$list"
else
  rm -f "$(readlink -f "$list")"
fi
rm -f "$variables"
[ -z "$made" ] || rmdir "$made"
exit "$status"
`;

/**
 * Runs a command of Portage's, for which these packages are to be built on the work volume: by an entry at the end of each
 * /etc/portage's package.env, which is there for as long as the command runs.
 */
export function onVolumeCommand(
  configurations: readonly string[],
  packages: readonly Atom[],
  command: readonly string[],
): readonly string[] {
  if (packages.length === 0) return command;
  return configurations.reduceRight(
    (inner, configuration, index) => [
      ...['/bin/sh', '-c', script, 'zentoo-big-packages'],
      ...[bigDirectory, configuration, String(index), packages.join('\n')],
      ...inner,
    ],
    command,
  );
}
