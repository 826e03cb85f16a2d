import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { storeBesideStaging, storeDirectory } from '../../../src/store/store-directory.ts';
import type { ExecResult } from '../../support/fake-engine/fake-engine-execs.ts';
import { fakeFiles, packFiles } from '../../support/fake-engine/fake-engine-files.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';
import { type FakeEbuild, nameOf } from './fake-ebuilds.ts';

/** A root in a container, as Portage's environment names it. */
export class FakeRoot {
  /** Empty for `/`. */
  readonly path: string;
  readonly #container: FakeContainer;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(container: FakeContainer, environment: Readonly<Record<string, string>>) {
    this.#container = container;
    this.#environment = environment;
    this.path = environment['ROOT'] ?? '';
  }

  /** The partition of the store for a CPU; for the stage's own settings if there is none. */
  partition(cpu = ''): string {
    const chost = this.path === '' ? 'x86_64-pc-linux-gnu' : basename(this.path);
    return `${chost}/${cpu === '' ? 'generic' : cpu}/default-v2-0123456789ab`;
  }

  /** The atoms of a set's file, and those of the sets that it names. */
  setAtoms(name: string): readonly string[] {
    const lines = this.#read(`${this.path}/etc/portage/sets/${name}`).split('\n').filter(Boolean);
    return lines.flatMap((line) => (line.startsWith('@') ? this.setAtoms(line.slice(1)) : [line]));
  }

  hasInstalled(cpv: string): boolean {
    return this.#container.findFile(`${this.path}/var/db/pkg/${cpv}`) !== undefined;
  }

  hasStored(cpv: string): boolean {
    const inStore = this.#pkgdir.replace(storeDirectory, storeBesideStaging);
    return [this.#pkgdir, inStore].some(
      (pkgdir) => this.#container.findFile(`${pkgdir}/${cpv}.gpkg.tar`) !== undefined,
    );
  }

  store(cpv: string): void {
    this.#write(`${this.#pkgdir}/${cpv}.gpkg.tar`, cpv);
  }

  install({ cpv, warning }: FakeEbuild): void {
    this.#write(`${this.path}/var/db/pkg/${cpv}/SLOT`, '0');
    this.#write(`${this.path}/usr/bin/${basename(nameOf(cpv))}`, cpv);
    const log = `${this.#environment['PORTAGE_LOGDIR']}/elog/${cpv.replace('/', ':')}:20260203-040506.log`;
    if (warning !== undefined) this.#write(log, `WARN: postinst\n${warning}\n`);
  }

  get #pkgdir(): string {
    return /^PKGDIR="(.+)"$/m.exec(this.#read(`${this.path}/etc/portage/make.conf`))?.[1] ?? '/nowhere';
  }

  #read(path: string): string {
    return this.#container.findFile(path)?.data.toString() ?? '';
  }

  #write(path: string, text: string): void {
    const place = this.#container.filesAt(path);
    for (const [name, file] of fakeFiles({ [place.path]: text })) place.files.set(name, file);
  }
}

/** The packages of a database of installed packages, as `installed-packages.py` prints them. */
export function installedIn(container: FakeContainer, database: string): readonly object[] {
  const slots = [...container.files.keys()].filter((path) => path.startsWith(`${database}/`) && path.endsWith('/SLOT'));
  const others = ['repository', 'USE', 'IUSE', 'BUILD_ID', 'BUILD_TIME', 'CHOST', 'CFLAGS', 'SIZE', 'COUNTER'];
  const empty = Object.fromEntries(others.map((name) => [name, '']));
  return slots.map((path) => ({ cpv: path.slice(database.length + 1, -'/SLOT'.length), SLOT: '0', ...empty }));
}

/** The sizes of packages, as `package-sizes.py` prints them: 1000 bytes installed, and the size of the file in the store. */
export function sizesIn(container: FakeContainer, database: string, pkgdir: string): object {
  const binary = (cpv: string) => container.findFile(`${pkgdir}/${cpv}.gpkg.tar`)?.data.length ?? null;
  const slots = [...container.files.keys()].filter((path) => path.startsWith(`${database}/`) && path.endsWith('/SLOT'));
  const packages = slots.map((path) => path.slice(database.length + 1, -'/SLOT'.length));
  return Object.fromEntries(packages.map((cpv) => [cpv, { installed: 1000, binary: binary(cpv) }]));
}

/** The elog files of a directory, as `read-elog.sh` prints them. */
export function elogIn(container: FakeContainer, directory: string): string {
  const { files, path } = container.filesAt(directory);
  return [...files]
    .filter(([name]) => name.startsWith(`${path}/`))
    .map(([name, { data }]) => `./${basename(name)}\0${data.toString()}\0`)
    .join('');
}

/** The tar of a root, as `archive-root.sh` prints it with these arguments. */
export async function archiveRoot(container: FakeContainer, args: readonly string[]): Promise<ExecResult> {
  const root = args.find((word) => word.startsWith('--directory='))?.slice('--directory='.length) ?? '';
  const below = root === '/' ? '' : root;
  const files = new Map([...container.files].filter(([path]) => path.startsWith(`${below}/`)));
  const inRoot = new Map([...files].map(([path, file]) => [path.slice(below.length), file]));
  const tar = await buffer(packFiles(inRoot, '/'));
  return { stdout: tar, stderr: `Total bytes written: ${tar.length} (10KiB, 1MiB/s)\nended 0\n` };
}
