import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import { chooseEngines } from '../../../../src/zentoo/engines/engine-choice.ts';

it.each([
  [
    ['ssh://me@big.example:2222', 'tcp://10.0.0.7:2376', 'lab'],
    ['big.example', '10.0.0.7', 'lab'],
  ],
  [
    ['unix:///run/other.sock', 'ssh://big', 'tcp://[fd00::7]:2376'],
    ['/run/other.sock', 'big', '[fd00::7]'],
  ],
  [['lab', 'lab'], ['lab']],
  [
    ['tcp://big:2375', 'tcp://big:2376', 'ssh://small'],
    ['tcp://big:2375', 'tcp://big:2376', 'small'],
  ],
])('the engines %j are named %j in the events of their tasks', (endpoints, names) => {
  expect(
    chooseEngines(
      endpoints.map((address) => ({ address })),
      {},
    ).map(({ name }) => name),
  ).toEqual(names);
});

it('a docker command names an address as a host, and anything else as a context', () => {
  const choices = chooseEngines([{ address: 'ssh://me@big' }, { address: 'lab' }], {});
  expect(choices.map(({ options }) => options)).toEqual([
    ['--host', 'ssh://me@big'],
    ['--context', 'lab'],
  ]);
});

it('an engine has the number of containers that site.yaml gives it, also if it is named again', () => {
  const engines = [{ address: 'lab' }, { address: 'ssh://big', jobs: 4 }, { address: 'ssh://big' }];
  expect(chooseEngines(engines, {}).map(({ name, jobs }) => [name, jobs?.()])).toEqual([
    ['lab', undefined],
    ['big', 4],
  ]);
});

it.each([
  ['unix://run/x.sock', 'failed to use the further engine "unix://run/x.sock": its path is not absolute'],
  ['nowhere', /^failed to use the Docker context "nowhere": there is no /],
])('the engine %s is refused, and the hint says where it is named', async (endpoint, message) => {
  const directory = mkdtempSync(join(tmpdir(), 'engine-choice-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  // The engine and the context of the site's own engine do not count.
  const environment = { DOCKER_HOST: 'unix:///own.sock', DOCKER_CONTEXT: 'own', DOCKER_CONFIG: directory };
  const [choice] = chooseEngines([{ address: endpoint }], environment);
  await expect(choice?.connect()).rejects.toMatchObject({
    code: 'engine-unreachable',
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    hint: expect.stringMatching(/^correct \S+ in engines: of site.yaml or in --engine: /) as string,
  });
});

it.each(['tcp://me:secret@127.0.0.1:2375', 'ssh://me:se/secret@big', 'tcp://me:secret@big@big:1'])(
  'no message has the password of the address %s',
  async (endpoint) => {
    // Both have the same short name, so that the address is the name.
    for (const { name, connect } of chooseEngines(
      [endpoint, `${endpoint}0`, endpoint.replace('me:secret@', '')].map((address) => ({ address })),
      {},
    )) {
      const failure: unknown = await connect().catch((error: unknown) => error);
      if (!(failure instanceof Failure)) expect.fail('there is no failure');
      expect(`${name} ${failure.message} ${failure.hint}`).not.toContain('secret');
    }
  },
);
