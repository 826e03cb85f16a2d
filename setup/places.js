import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's top directory. */
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where npm puts the dependencies. */
export const MODULES = join(PROJECT, 'node_modules');

/** Logs of set-up: they go when the dependencies go. */
export const CACHE = join(MODULES, '.cache', 'gentoo-builder');
