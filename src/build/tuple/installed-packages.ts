import type { ContainerId, Engine } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import { runCommand } from '../../engine/run-command.ts';
import type { InstalledPackage } from './manifest.ts';

/** The files of Portage's that are read for each package (portage(5), "/var/db/pkg"). */
const files = [
  'SLOT',
  'repository',
  'USE',
  'IUSE',
  'BUILD_ID',
  'BUILD_TIME',
  'CHOST',
  'CFLAGS',
  'SIZE',
  'COUNTER',
] as const;

const listProgram = `
import json, os, sys

database, *names = sys.argv[1:]

def entries(path):
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir())

def read(*path):
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return " ".join(file.read().split())
    except FileNotFoundError:
        return ""

packages = [
    {"cpv": f"{category}/{name}", **{key: read(database, category, name, key) for key in names}}
    for category in (entries(database) if os.path.isdir(database) else ())
    for name in entries(os.path.join(database, category))
    if not name.startswith("-MERGING-")
]
print(json.dumps(packages))
`;

type Entry = Readonly<Record<'cpv' | (typeof files)[number], string>>;

/**
 * What is installed in a root of a running container, from the files of its package database, sorted; nothing where there
 * is no database. Throws `archive-failed` when the container cannot tell.
 */
export async function listInstalledPackages(
  engine: Engine,
  container: ContainerId,
  root = '/',
): Promise<readonly InstalledPackage[]> {
  const database = `${root.replace(/\/+$/, '')}/var/db/pkg`;
  const command = ['python3', '-I', '-c', listProgram, database, ...files];
  const { stdout, stderr } = await runCommand(engine, container, { command });
  try {
    return parseInstalledPackages(stdout);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure('archive-failed', `failed to list what is installed: ${database} could not be read`, {
      logTail: (stderr || stdout).split('\n').filter(Boolean).slice(-20),
      hint: 'a root needs python3, as Portage itself does: see whether the stage has it',
      cause: error,
    });
  }
}

/** Reads what the program in the container printed; throws a SyntaxError when that is not all of it. */
export function parseInstalledPackages(json: string): readonly InstalledPackage[] {
  return (JSON.parse(json) as readonly Entry[]).map((entry) => ({
    cpv: entry.cpv,
    slot: entry.SLOT,
    repository: entry.repository,
    use: splitUse(entry.USE, entry.IUSE),
    buildId: readNumber(entry.BUILD_ID),
    buildTime: readNumber(entry.BUILD_TIME),
    chost: entry.CHOST,
    cflags: entry.CFLAGS,
    size: readNumber(entry.SIZE),
    counter: readNumber(entry.COUNTER),
  }));
}

/** As `emerge --pretend --verbose` shows them: USE has more, such as the architecture, IUSE has defaults as + and -. */
function splitUse(use: string, iuse: string): InstalledPackage['use'] {
  const set = new Set(words(use));
  const own = [...new Set(words(iuse).map((flag) => flag.replace(/^[+-]/, '')))].toSorted();
  return { enabled: own.filter((flag) => set.has(flag)), disabled: own.filter((flag) => !set.has(flag)) };
}

const words = (text: string): readonly string[] => text.split(' ').filter(Boolean);

function readNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
