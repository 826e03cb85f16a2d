import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSite } from '../../../src/site/read/read-site.ts';
import { closePackageSet } from '../../../src/site/set-closure.ts';
import { commitAll, git, writeFiles } from './git-program.ts';
import { portage } from './site-changes.ts';
import { temporarySite } from './sites.ts';

describe('the sets that a tuple needs', () => {
  it('are its own set and the sets in it, each once, those of the branch before those of the site', () => {
    using directory = temporarySite();
    rmSync(join(portage(directory.path), 'sets'));
    writeFiles(portage(directory.path), { 'sets/editors': '# of the branch\napp-editors/vim\n@common\n' });
    git(portage(directory.path), 'add', '--force', 'sets');
    commitAll(portage(directory.path));
    rmSync(join(portage(directory.path), 'sets'), { recursive: true });
    const files = {
      tools: '@editors\n  app-misc/greet\n@common\n@system\n',
      editors: 'app-editors/nano\n',
      common: '\napp-misc/greet\n@kde-plasma\n',
      other: 'a/b\n',
    };
    for (const [name, text] of Object.entries(files)) writeFiles(directory.path, { [`config/sets/${name}`]: text });
    const site = readSite(directory.path);
    const closures = site.tuples.map((tuple) => closePackageSet(site, tuple));
    expect(closures[0]).toEqual({
      files: [
        { name: 'tools', text: files.tools },
        { name: 'editors', text: '# of the branch\napp-editors/vim\n@common\n' },
        { name: 'common', text: files.common },
      ],
      atoms: [
        { atom: 'app-misc/greet', place: { file: 'config/sets/tools', line: 2, column: 3 } },
        { atom: 'app-editors/vim', place: { file: 'config/portage@base:sets/editors', line: 2, column: 1 } },
        { atom: 'app-misc/greet', place: { file: 'config/sets/common', line: 2, column: 1 } },
      ],
    });
    expect(closures[2]?.files.map(({ name }) => name)).toEqual(['tools', 'editors', 'common']);
    expect(closures[2]?.atoms.map(({ atom }) => atom)).toContain('app-editors/nano');
  });
});
