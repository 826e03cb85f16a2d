/**
 * Makes emerge write elog messages to `<PORTAGE_LOGDIR>/elog/`, one file for each package with messages; make.conf(5). The
 * setting replaces that of the base, so that no mail is sent from a container. It names the levels itself, because Portage
 * then ignores PORTAGE_ELOG_CLASSES (`portage/elog/__init__.py`).
 */
export const elogEnvironment: Readonly<Record<string, string>> = { PORTAGE_ELOG_SYSTEM: 'save:log,warn,error' };
