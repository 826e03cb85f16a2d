import { cpSync, mkdirSync } from 'node:fs';
import { temporaryDirectory } from './git-program.ts';

/** Directories that are made once and copied for each test, so that no test sees the changes of another. */
export class DirectoryTemplates implements Disposable {
  readonly #made = new Map<string, ReturnType<typeof temporaryDirectory>>();

  /** Copies the template of a name. `make` fills the template before its first copy. */
  copy(name: string, directory: string, make: (template: string) => void): void {
    const template = this.#made.get(name) ?? temporaryDirectory();
    if (!this.#made.has(name)) make(template.path);
    this.#made.set(name, template);
    mkdirSync(directory, { recursive: true });
    cpSync(template.path, directory, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }

  [Symbol.dispose](): void {
    for (const template of this.#made.values()) template[Symbol.dispose]();
    this.#made.clear();
  }
}
