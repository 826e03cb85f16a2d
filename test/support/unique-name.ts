import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

const prefix = 'gentoo-builder-test-';
/** Distinguishes machines that use the same engine. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
const form = new RegExp(`${prefix}[a-z0-9-]+?-${machine}-(\\d+)-[0-9a-z]+-\\d+`);
let names = 0;

/** A unique name for a container, volume, image or site. Neither other tests nor other runs of the tests use it. */
export function uniqueName(word: string): string {
  return `${prefix}${word}-${machine}-${process.pid}-${Date.now().toString(36)}-${++names}`;
}

/** The id of the process of this machine that chose a name with `uniqueName`; undefined if none did. */
export function chooserOf(name: string): number | undefined {
  const [, pid] = form.exec(name) ?? [];
  return pid === undefined ? undefined : Number(pid);
}
