/** Directories that Portage skips where it reads a directory of files (`VCS_DIRS` in portage/const.py). */
export const versionControl: ReadonlySet<string> = new Set(['CVS', 'RCS', 'SCCS']);
