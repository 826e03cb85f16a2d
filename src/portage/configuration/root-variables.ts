import type { MakeConf } from './make-conf.ts';
import type { Remark } from './make-conf-tokens.ts';
import { normalizePath } from './repos-conf.ts';

/**
 * Variables that Portage takes from its environment or computes, and ignores in make.conf: it sets them again after it has read the
 * file (`config.__init__` in portage/package/ebuild/config.py).
 */
const ignored: ReadonlySet<string> = new Set([
  ...['SYSROOT', 'PORTAGE_CONFIGROOT', 'EROOT', 'ESYSROOT', 'BROOT'],
  ...['EPREFIX', 'PORTAGE_OVERRIDE_EPREFIX', 'PORTAGE_REPOSITORIES'],
]);

/**
 * The assignments of a make.conf that name another root than `/`, or other repositories than repos.conf: ROOT moves the
 * installation there, and Portage ignores the others. An empty value and `/` change nothing.
 */
export function findRootFaults({ variables }: Pick<MakeConf, 'variables'>): readonly Remark[] {
  return [...variables].flatMap(([name, { value, place }]) => {
    if (value.trim() === '' || normalizePath(value) === '/') return [];
    if (name === 'ROOT')
      return [{ place, message: `ROOT is ${value}: emerge would install packages there, and not in /` }];
    if (!ignored.has(name)) return [];
    return [{ place, message: `Portage ignores ${name} in make.conf, because it takes it only from its environment` }];
  });
}
