import { expect, it } from 'vitest';
import { findMissingPackages } from '../../../src/emerge/missing-packages.ts';
import { BuildWorld, packages } from '../builder/build-world.ts';

it.each([
  [
    "the last line is Portage's answer",
    '!!! a warning\n{"missing":["app-misc/b"],"options":"--quiet","origin":null}\n',
    'answer',
  ],
  ['Portage prints no JSON', 'Traceback\n', undefined],
  ['Portage prints nothing', '', undefined],
])('the missing packages if %s', async (_what, stdout, expected) => {
  using world = new BuildWorld();
  const session = await world.session();
  const commands: (readonly string[])[] = [];
  world.engine.onExec = (_container, { command }) => {
    commands.push(command);
    return { stdout };
  };
  const answer = await findMissingPackages(session, packages('app-misc/a', 'app-misc/b'));
  expect(answer).toEqual(expected && { missing: ['app-misc/b'], options: '--quiet', origin: null });
  expect(commands[0]?.slice(-2)).toEqual(['app-misc/a', 'app-misc/b']);
});
