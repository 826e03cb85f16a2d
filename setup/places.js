import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's top directory. */
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The directory of the dependencies. */
export const MODULES = join(PROJECT, 'node_modules');

/** The directory of set-up's logs. It is removed with the dependencies. */
export const CACHE = join(MODULES, '.cache', 'gentoo-builder');
