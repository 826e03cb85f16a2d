import { expect, it } from 'vitest';
import { readElog } from '../../../src/emerge/read-elog.ts';
import { BuildWorld } from '../builder/build-world.ts';

const path = (cpv: string) => `elog/${cpv.replace('/', ':')}:20260102-030405.log`;

it("the messages of packages are read from the elog files of the run's log directory", async () => {
  using world = new BuildWorld();
  const session = await world.session();
  const files = [
    [path('app-misc/a-1'), 'WARN: postinst\nrestart it\n'],
    [path('app-misc/quiet-1'), 'LOG: postinst\n\n'],
    ['elog/other', 'WARN: postinst\nno elog file\n'],
    [path('app-misc/b-2'), 'LOG: setup\nhello\n'],
  ];
  const asked: unknown[] = [];
  world.engine.onExec = (_container, { command }) => {
    asked.push(command.at(-1));
    return {
      stdout: files
        .flat()
        .map((part) => `${part}\0`)
        .join(''),
    };
  };
  expect(await readElog(session)).toEqual([
    {
      cpv: 'app-misc/a-1',
      time: new Date('2026-01-02T03:04:05Z'),
      messages: [{ level: 'warn', phase: 'postinst', lines: ['restart it'] }],
    },
    {
      cpv: 'app-misc/b-2',
      time: new Date('2026-01-02T03:04:05Z'),
      messages: [{ level: 'log', phase: 'setup', lines: ['hello'] }],
    },
  ]);
  expect(asked).toEqual([`${session.log.directory}/elog`]);
});

it('there are no messages if there is no elog file', async () => {
  using world = new BuildWorld();
  const session = await world.session();
  world.engine.onExec = () => ({ stdout: '' });
  expect(await readElog(session)).toEqual([]);
});
