import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectDirectory } from '../support/documents.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { runProgram } from '../support/run-program.ts';
import { Terminal } from '../unit/report/terminal.ts';
import { drawTerminal } from './draw-terminal.ts';

const size = { columns: 112, rows: 20 };
const typed = './zentoo build --jobs 2';

/**
 * `npm run record`: builds a new site at a pseudo-terminal and writes one moment of the live view to docs/live-view.svg, the
 * picture in README. Removes the site, its images and its volumes.
 */
async function record(): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'gentoo-builder-recording-'));
  const site = `recorded-${process.pid}`;
  const environment = { ...process.env, ZENTOO_SITE: join(parent, site), NO_COLOR: '1' };
  try {
    for (const args of [['init', join(parent, site)], ['sync']]) {
      const zentoo = await runProgram(join(projectDirectory, 'zentoo'), args, { env: environment });
      if (zentoo.status !== 0) throw new Error(zentoo.stderr);
    }
    const command = `cd '${projectDirectory}' && ${typed}`;
    await using terminal = await PseudoTerminal.open(command, environment, size.columns, size.rows);
    if ((await terminal.ended) !== 0) throw new Error(terminal.shown);
    const lines = busiestMoment(Buffer.from(terminal.shown, 'latin1').toString());
    await writeFile(join(projectDirectory, 'docs/live-view.svg'), drawTerminal([`$ ${typed}`, ...lines], size.columns));
  } finally {
    await removeSite(site);
    await rm(parent, { recursive: true });
  }
}

/** The picture with the most tasks and packages at work; of equal ones the last. */
function busiestMoment(shown: string): readonly string[] {
  const terminal = new Terminal(size.columns, size.rows);
  // The live view hides the cursor before its first picture, and moves it up before it draws the next one.
  const pictures = shown.slice(shown.indexOf('\x1b[?25l')).split(/(?=\x1b\[\d*A)/);
  let best: readonly string[] = [];
  for (const picture of pictures) {
    terminal.write(picture);
    const lines = terminal.text.slice(-size.rows);
    if (countAtWork(lines) >= countAtWork(best)) best = lines;
  }
  return best;
}

/** The lines of a picture that show a running time or a line of a log. */
function countAtWork(lines: readonly string[]): number {
  return lines.filter((line) => /^ .*\b\d+s\b|^ +\| /.test(line)).length;
}

async function removeSite(site: string): Promise<void> {
  const docker = rawDocker();
  const images = await docker.listImages({ filters: { reference: [`zentoo/${site}/*`] } });
  for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? []))
    await docker.getImage(tag).remove({ force: true });
  const { Volumes } = await docker.listVolumes({ filters: { label: [`zentoo.site=${site}`] } });
  for (const { Name } of Volumes) await docker.getVolume(Name).remove();
}

await record();
