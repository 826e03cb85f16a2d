import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { defaultVolumes } from '../../src/container/mounts.ts';
import { volumeLabel } from '../../src/container/tree.ts';
import { projectDirectory } from '../support/documents.ts';

const [file, example, dockerfile] = await Promise.all(
  ['compose.yaml', '.env.example', 'Dockerfile'].map((name) => readFile(join(projectDirectory, name), 'utf8')),
);

/** What compose.yaml takes from the environment: `${NAME:-default}`. */
const variables = new Map(
  [...(file ?? '').matchAll(/\$\{(\w+)(?::-([^}]*))?\}/g)].map(([, name = '', value]) => [name, value]),
);
/** With the defaults in their places. */
const defaults = parse((file ?? '').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'), { merge: true }) as {
  readonly services: Readonly<
    Record<string, { readonly volumes: readonly (string | object)[]; readonly entrypoint?: readonly string[] }>
  >;
  readonly volumes: Readonly<Record<string, { name: string; labels: Readonly<Record<string, string>> } | null>>;
};

test("compose.yaml's volumes are those that gentoo-builder makes itself, and the one for the filter's socket", () => {
  const roles = Object.entries(defaultVolumes).map(([role, name]) => ({ name, labels: { [volumeLabel]: role } }));
  const { engine, ...volumes } = defaults.volumes;
  expect(engine).toBeNull();
  expect(Object.values(volumes).toSorted(byName)).toEqual(roles.toSorted(byName));
});

test('compose.yaml starts the programs of the image as the image starts its own', () => {
  const [, program = ''] = /^ENTRYPOINT (.*)$/m.exec(dockerfile ?? '') ?? [];
  const zentoo = JSON.parse(program.replace('gentoo-builder.js', 'zentoo.js')) as string[];
  expect(defaults.services['zentoo']?.entrypoint).toEqual(zentoo);
  expect(defaults.services['freshroot']?.entrypoint).toEqual([...zentoo, 'freshroot']);
});

test("compose.yaml's builders and base mount all of these", () => {
  const named = Object.keys(defaults.volumes).filter((name) => name !== 'engine');
  const mounts = Object.entries(defaults.services).map(([service, { volumes }]) => {
    const sources = volumes.flatMap((volume) => (typeof volume === 'string' ? volume.split(':')[0] : []));
    return [service, new Set(sources.filter((source) => source !== 'engine'))];
  });
  const all = new Set(named);
  const none = new Set();
  expect(Object.fromEntries(mounts)).toEqual({
    builder: all,
    'least-privilege': all,
    base: all,
    proxy: none,
    zentoo: none,
    freshroot: none,
  });
});

test('.env.example has what compose.yaml takes from the environment, by its default', () => {
  const shown = new Map([...(example ?? '').matchAll(/^#(\w+)=(.*)$/gm)].map(([, name = '', value]) => [name, value]));
  expect(shown.get('COMPOSE_PROJECT_NAME')).toBeDefined();
  // Compose's own.
  shown.delete('COMPOSE_PROJECT_NAME');
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(variables));
});

function byName(a: { readonly name: string } | null, b: { readonly name: string } | null): number {
  return (a?.name ?? '') < (b?.name ?? '') ? -1 : 1;
}
