import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';

import { extract, pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import type { ContainerSpec } from '../../src/engine/containers.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { AttachedExec } from '../../src/engine/execs.ts';
import type { Image } from '../../src/engine/images.ts';
import { EngineRefusal, type RefusalKind } from '../../src/engine/refusal.ts';
import type { ContainerId, ExecId, ImageId } from '../../src/engine/identifiers.ts';
import { withoutLayers } from '../../src/engine/thin-archive.ts';

/** The engine under test, with its fixtures. */
export interface ContractSubject extends AsyncDisposable {
  readonly engine: Engine;
  /**
   * An image with `/bin/sh` and, as a link, `/bin/link-to-sh`; with the label `base.label=kept`, the entrypoint
   * `/bin/echo entry` and a volume declared at `/declared`.
   */
  readonly image: string;
}

/** The scripts that the suite runs by `sh -c`; a fake has to play them. */
export const contractScripts = {
  outputAndCode: 'echo one; echo two >&2; exit 3',
  environment: 'echo "$CONTRACT in $PWD"',
  echoLine: 'read -r line; echo "got $line"',
  copyInput: 'cat; echo whole',
  countInput: 'wc -c',
  terminal: 'test -t 0 && test -t 1 && test -t 2 && echo "a terminal" >&2',
  terminalSize: 'read -r line; stty size',
  echoKeys: 'stty raw -echo; echo ready; head -c 12 | od -An -c',
  waitThenCode: 'until [ -e /go ]; do sleep 0.05; done; exit 5',
  endTheWait: 'touch /go',
  sleepLong: 'sleep 60',
  printThenSleep: 'echo started; sleep 60',
  holdOpen: 'exec cat >/dev/null',
  holdAndEcho: 'exec cat',
  exitAtOnce: 'exit 4',
} as const;

/** Declares the tests that every {@link Engine} has to pass. Their objects have unique names and are removed after each test. */
export function describeEngineContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`engine contract: ${name}`, () => {
    let subject: ContractSubject;
    let engine: Engine;
    let made: Made;

    beforeAll(async () => {
      subject = await open();
      engine = subject.engine;
      made = new Made(subject);
    });
    afterEach(() => made.remove());
    afterAll(() => subject[Symbol.asyncDispose]());

    const unsignalled = new AbortController().signal;

    describe('system', () => {
      test('reports its version and its capacity', async () => {
        expect((await engine.version()).api).toMatch(/^1\.\d+$/);
        const info = await engine.info();
        expect(info.cpus).toBeGreaterThan(0);
        expect(info.memory).toBeGreaterThan(2 ** 20);
        expect(info.dataRoot).toMatch(/^\//);
      });

      test('shows by each answer and each refusal that it lives', async () => {
        const calls = [
          () => engine.version(),
          () => expect(engine.holdStdin(noId)).rejects.toThrow(EngineRefusal),
          async () => expect(await engine.isAnswering(unsignalled)).toBe(true),
        ];
        for (const call of calls) {
          const before = performance.now();
          await call();
          expect(engine.lastHeard()).toBeGreaterThan(before);
        }
      });
    });

    describe('images', () => {
      test('inspects by name and by id, and an unknown one is undefined', async () => {
        const image = await engine.inspectImage(subject.image);
        expect(image).toMatchObject({ labels: { 'base.label': 'kept' }, entrypoint: ['/bin/echo', 'entry'] });
        expect(image?.size).toBeGreaterThan(0);
        expect(Date.parse(image?.created ?? '')).toBeLessThan(Date.now() + 60_000);
        expect(await engine.inspectImage(image?.id ?? '')).toEqual(image);
        expect(await engine.inspectImage(unique())).toBeUndefined();
      });

      test('lists the images with a label, own or inherited, each with its parent', async () => {
        const label = `contract-${unique()}=there`;
        const [base, other] = [await made.commit(await made.container({}), [`LABEL ${label}`]), made.imageName()];
        await engine.tagImage(base, `${other}:tag`);
        const above = await made.commit(await made.container({ image: base }));
        const [first, second] = [await engine.inspectImage(base), await engine.inspectImage(above)];
        const listed = (await engine.imagesWithLabel(label)).toSorted((a, b) => a.names.length - b.names.length);
        expect(listed).toEqual([
          { ...listedAs(second), parent: first?.id },
          { ...listedAs(first), parent: (await engine.inspectImage(subject.image))?.id },
        ]);
        expect(first?.names).toHaveLength(2);
        expect(await engine.imagesWithLabel(label.replace('=there', '=the'))).toEqual([]);
      });

      test('lists the names of all images', async () => {
        const [first, second] = [made.imageName(), `${made.imageName()}:tag`];
        for (const name of [first, second]) await engine.tagImage(subject.image, name);
        expect(await engine.listImageNames()).toEqual(expect.arrayContaining([`${first}:latest`, second]));
      });

      test('tags, and removes one name at a time', async () => {
        const [first, second] = [made.imageName(), made.imageName()];
        await engine.tagImage(subject.image, first);
        const id = (await engine.inspectImage(first))?.id ?? '';
        await engine.tagImage(id, `${second}:tag`);
        await engine.removeImage(first);
        expect(await engine.inspectImage(first)).toBeUndefined();
        expect((await engine.inspectImage(`${second}:tag`))?.id).toBe(id);
        await engine.removeImage(`${second}:tag`);
        await engine.removeImage(`${second}:tag`);
        expect(await engine.inspectImage(subject.image)).toBeDefined();
      });

      test('refuses to tag an image that does not exist', async () => {
        await expect(engine.tagImage(unique(), unique())).rejects.toMatchObject(refusal('absent'));
      });

      test('refuses to remove the last name of an image that a container is made from', async () => {
        const image = await made.commit(await made.container({}));
        await made.container({ image });
        await expect(engine.removeImage(image)).rejects.toMatchObject(refusal('conflict'));
      });

      test('reports a pull that fails as a refusal with the reason', async () => {
        const pull = engine.pullImage(`localhost:1/${unique()}`, () => undefined, unsignalled);
        await expect(pull).rejects.toThrow(EngineRefusal);
      });

      test('aborts a pull with the reason of its signal', async () => {
        const reason = new Error('enough');
        const pull = engine.pullImage(`localhost:1/${unique()}`, () => undefined, AbortSignal.abort(reason));
        await expect(pull).rejects.toBe(reason);
      });
    });

    describe('containers', () => {
      test('makes one without starting it', async () => {
        const volume = made.volumeName();
        const name = unique();
        const mounts = [{ type: 'volume', source: volume, target: '/data', readOnly: true }] as const;
        const id = await made.container({ mounts }, name);
        const container = await engine.inspectContainer(name);
        expect(container).toMatchObject({
          id,
          name,
          state: 'created',
          exitCode: 0,
          oomKilled: false,
          autoRemove: false,
        });
        expect(container?.startedAt).toBe('0001-01-01T00:00:00Z');
        expect(container?.image).toBe((await engine.inspectImage(subject.image))?.id);
        expect(container?.mounts).toContainEqual({ type: 'volume', source: volume, target: '/data', readOnly: true });
        expect(await engine.inspectContainer(id)).toEqual(container);
        expect(await engine.inspectContainer(id.slice(0, 12))).toEqual(container);
      });

      test('names the mounts in the order of their targets', async () => {
        const targets = ['/f', '/b', '/e', '/a', '/d', '/c'];
        const mounts = targets.map((target) => ({ type: 'volume', source: made.volumeName(), target }) as const);
        const container = await engine.inspectContainer(await made.container({ mounts }));
        expect(container?.mounts.map(({ target }) => target)).toEqual([
          '/a',
          '/b',
          '/c',
          '/d',
          '/declared',
          '/e',
          '/f',
        ]);
      });

      test('refuses an unknown image and a name that is taken', async () => {
        await expect(made.container({ image: unique() })).rejects.toMatchObject(refusal('absent'));
        const name = unique();
        await made.container({}, name);
        await expect(made.container({}, name)).rejects.toMatchObject(refusal('conflict'));
      });

      test('does not find a container that does not exist', async () => {
        expect(await engine.inspectContainer(unique())).toBeUndefined();
      });

      test('renames, but not to a name that is taken', async () => {
        const [taken, free] = [unique(), unique()];
        await made.container({}, taken);
        const id = await made.container({});
        expect(await engine.renameContainer(id, taken)).toBe(false);
        expect(await engine.renameContainer(id, free)).toBe(true);
        expect((await engine.inspectContainer(id))?.name).toBe(free);
      });

      test('lists the containers with a label, started or not, and reports the labels of each', async () => {
        const label = unique();
        const id = await made.container({ labels: { [label]: 'value' } });
        await made.container({ labels: { other: label } });
        expect(await engine.containersWithLabel(label)).toEqual([id]);
        expect(await engine.containersWithLabel(`${label}=value`)).toEqual([id]);
        expect(await engine.containersWithLabel(`${label}=other`)).toEqual([]);
        expect((await engine.inspectContainer(id))?.labels).toMatchObject({ [label]: 'value', 'base.label': 'kept' });
      });

      test('makes a volume that is missing with the labels of its mount, and leaves one that is there', async () => {
        const volume = made.volumeName();
        const mount = { type: 'volume', source: volume, target: '/data' } as const;
        await made.container({ mounts: [{ ...mount, labels: { first: '1' } }] });
        await made.container({ mounts: [{ ...mount, labels: { second: '2' } }] });
        expect(await engine.inspectVolume(volume)).toEqual({ name: volume, labels: { first: '1' }, isPlain: true });
      });

      test('lists the containers that mount a volume, started or not', async () => {
        const volume = made.volumeName();
        const mounts = [{ type: 'volume', source: volume, target: '/data' }] as const;
        const id = await made.container({ mounts });
        await made.container({ mounts: [{ type: 'volume', source: made.volumeName(), target: `/${volume}` }] });
        expect(await engine.containersWithVolume(volume)).toMatchObject([{ id, targets: ['/data'] }]);
        expect(await engine.containersWithVolume(unique())).toEqual([]);
      });

      test('starts, once or twice', async () => {
        const before = Date.now();
        const id = await made.started();
        await engine.startContainer(id);
        const container = await engine.inspectContainer(id);
        expect(container?.state).toBe('running');
        // The clock of the engine's machine may differ a little.
        expect(Date.parse(container?.startedAt ?? '')).toBeGreaterThan(before - 60_000);
      });

      test('refuses to start a container that does not exist', async () => {
        await expect(engine.startContainer(noId)).rejects.toMatchObject(refusal('absent'));
      });

      test('reports the exit status of process 1', async () => {
        const id = await made.container({ command: shell('exitAtOnce') });
        await engine.startContainer(id);
        await engine.waitContainer(id, unsignalled);
        expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 4 });
      });

      test('kills a container, and ignores one that does not run or does not exist', async () => {
        const id = await made.started();
        await engine.killContainer(id, 'SIGKILL');
        await engine.waitContainer(id, unsignalled);
        expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 137 });
        await engine.killContainer(id, 'SIGKILL');
        await engine.killContainer(noId, 'SIGKILL');
      });

      test('waits for the end only of a running container', async () => {
        await engine.waitContainer(await made.container({}), unsignalled);
        await engine.waitContainer(noId, unsignalled);
        const id = await made.started();
        const atEnd = engine.waitContainer(id, unsignalled).then(() => engine.inspectContainer(id));
        await runToEnd(id);
        await engine.killContainer(id, 'KILL');
        expect(await atEnd).toMatchObject({ state: 'exited' });
      });

      test('aborts a wait with the reason of its signal', async () => {
        const id = await made.started();
        const controller = new AbortController();
        const reason = new Error('enough');
        const end = engine.waitContainer(id, controller.signal);
        setTimeout(() => controller.abort(reason), 50);
        await expect(end).rejects.toBe(reason);
        await expect(engine.waitContainer(id, controller.signal)).rejects.toBe(reason);
      });

      test('removes a running container with its anonymous volumes, and ignores one that is gone', async () => {
        const id = await made.started();
        const anonymous = (await engine.inspectContainer(id))?.mounts.find(({ target }) => target === '/declared');
        expect(await engine.inspectVolume(anonymous?.source ?? '')).toBeDefined();
        await engine.removeContainer(id);
        await engine.removeContainer(id);
        expect(await engine.inspectContainer(id)).toBeUndefined();
        expect(await engine.inspectVolume(anonymous?.source ?? '')).toBeUndefined();
      });

      test('removes one that is being removed already', async () => {
        const id = await made.started();
        await Promise.all([engine.removeContainer(id), engine.removeContainer(id), engine.removeContainer(id)]);
        expect(await engine.inspectContainer(id)).toBeUndefined();
      });

      test('does not find a container that removed itself', async () => {
        const id = await made.container({ command: shell('holdOpen'), openStdin: true, autoRemove: true });
        expect((await engine.inspectContainer(id))?.autoRemove).toBe(true);
        const held = await engine.holdStdin(id);
        await engine.startContainer(id);
        held.close();
        await engine.waitContainer(id, unsignalled);
        await engine.removeContainer(id);
        expect(await engine.inspectContainer(id)).toBeUndefined();
      });
    });

    describe('standard input as a switch', () => {
      test('ends process 1 when it is released, and only once', async () => {
        const id = await made.container({ command: shell('holdOpen'), openStdin: true });
        const held = await engine.holdStdin(id);
        await engine.startContainer(id);
        held.write(Buffer.from('.'));
        await runToEnd(id);
        expect((await engine.inspectContainer(id))?.state).toBe('running');
        held.close();
        held.close();
        await engine.waitContainer(id, unsignalled);
        await held.ended;
        held.write(Buffer.from('.'));
        expect(await engine.inspectContainer(id)).toMatchObject({ state: 'exited', exitCode: 0 });
      });

      test('shows by each byte that comes back that the engine lives', async () => {
        const id = await made.container({ command: shell('holdAndEcho'), openStdin: true });
        const held = await engine.holdStdin(id);
        await engine.startContainer(id);
        const before = performance.now();
        held.write(Buffer.from('.'));
        await vi.waitUntil(() => engine.lastHeard() > before, { timeout: 20_000 });
        held.close();
      });

      test('reports the end of the other side', async () => {
        const id = await made.container({ command: shell('holdOpen'), openStdin: true });
        const held = await engine.holdStdin(id);
        await engine.startContainer(id);
        await engine.killContainer(id, 'KILL');
        await held.ended;
      });

      test('can be held again after another start', async () => {
        const id = await made.container({ command: shell('holdOpen'), openStdin: true });
        for (let round = 0; round < 2; round++) {
          const held = await engine.holdStdin(id);
          await engine.startContainer(id);
          expect((await engine.inspectContainer(id))?.state).toBe('running');
          held.close();
          await engine.waitContainer(id, unsignalled);
        }
      });

      test('refuses to attach to a container that does not exist', async () => {
        await expect(engine.holdStdin(noId)).rejects.toMatchObject(refusal('absent'));
      });
    });

    describe('files of a container that was never started', () => {
      test('distinguishes files, directories, links and missing paths', async () => {
        const id = await made.container({ mounts: [{ type: 'volume', source: made.volumeName(), target: '/data' }] });
        const link = await engine.statPath(id, '/bin/link-to-sh');
        expect(link?.kind).toBe('symlink');
        // Podman gives the name of the file that the link leads to.
        if (engine.flavour === 'docker') expect(link?.name).toBe('link-to-sh');
        expect(await engine.statPath(id, '/data')).toMatchObject({ name: 'data', kind: 'directory' });
        expect(await engine.statPath(id, '/data/no')).toBeUndefined();
        await engine.writeArchive(id, '/data', tarOf({ 'a/file': 'text' }));
        const file = await engine.statPath(id, '/data/a/file');
        expect(file).toMatchObject({ name: 'file', kind: 'file', size: 4, linkTarget: '' });
        expect(file?.modified).toEqual(tarTime);
      });

      test('tells the target of a link that leads to no file', async () => {
        const id = await made.container({ mounts: [{ type: 'volume', source: made.volumeName(), target: '/data' }] });
        const archive = pack();
        archive.entry({ name: 'images/a%3Alatest', type: 'symlink', linkname: 'sha256:0a' });
        archive.finalize();
        await engine.writeArchive(id, '/data', Readable.from(archive));
        const link = await engine.statPath(id, '/data/images/a%3Alatest');
        // Podman does not find the link.
        if (engine.flavour === 'podman') expect(link).toBeUndefined();
        else expect(link?.linkTarget).toMatch(/^(?:.*\/)?sha256:0a$/);
      });

      test('tells the target of a link to a file in a volume, or takes the link for the file', async () => {
        const id = await made.container({ mounts: [{ type: 'volume', source: made.volumeName(), target: '/data' }] });
        const archive = pack();
        archive.entry({ name: 'format-2' }, 'two');
        archive.entry({ name: 'format', type: 'symlink', linkname: 'format-2' });
        archive.finalize();
        await engine.writeArchive(id, '/data', Readable.from(archive));
        const link = await engine.statPath(id, '/data/format');
        if (engine.flavour === 'docker') {
          expect(link).toMatchObject({ kind: 'symlink', linkTarget: expect.stringMatching(/^(?:.*\/)?format-2$/) });
        } else {
          expect(link).toMatchObject({ name: 'format', kind: 'file', size: 3, linkTarget: '' });
          expect(await readFiles(await engine.readArchive(id, '/data/format'))).toEqual({ 'format-2': 'two' });
        }
      });

      test('writes and reads archives, also of a volume', async () => {
        const volume = made.volumeName();
        const mounts = [{ type: 'volume', source: volume, target: '/data' }] as const;
        const id = await made.container({ mounts });
        await engine.writeArchive(id, '/data', tarOf({ 'deep/er/file': 'in the volume' }));
        await engine.writeArchive(id, '/', tarOf({ 'own/file': 'in the layer' }));
        expect(await readFiles(await engine.readArchive(id, '/own'))).toEqual({ 'own/file': 'in the layer' });
        expect(await readFiles(await engine.readArchive(id, '/own/file'))).toEqual({ file: 'in the layer' });
        const other = await made.container({ mounts });
        expect(await readFiles(await engine.readArchive(other, '/data/deep'))).toEqual({
          'deep/er/file': 'in the volume',
        });
        expect(await engine.readArchive(other, '/own')).toBeUndefined();
      });

      test('refuses to write where there is no directory, or makes it', async () => {
        const id = await made.container({});
        const archive = tarOf({ file: 'text' });
        const written = engine.writeArchive(id, '/no/such', archive);
        // Podman makes the directory.
        if (engine.flavour === 'podman') await written;
        else await expect(written).rejects.toMatchObject(refusal('absent'));
        expect(archive.destroyed).toBe(true);
      });

      test('does not report a missing container as a missing file', async () => {
        await expect(engine.statPath(noId, '/bin')).rejects.toMatchObject(refusal('absent'));
        await expect(engine.readArchive(noId, '/bin')).rejects.toMatchObject(refusal('absent'));
        await expect(engine.changedPaths(noId)).rejects.toMatchObject(refusal('absent'));
      });

      test('lists the differences from the image', async () => {
        const id = await made.container({});
        expect(await engine.changedPaths(id)).not.toContain('/new');
        await engine.writeArchive(id, '/', tarOf({ new: 'text' }));
        expect(await engine.changedPaths(id)).toContain('/new');
      });
    });

    describe('execs', () => {
      test('returns both streams separately, and the exit code', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('outputAndCode') });
        expect(await outputOf(exec)).toEqual({ stdout: 'one\n', stderr: 'two\n' });
        expect(await endOf(exec.id)).toBe(3);
      });

      test('has an environment and a directory of its own', async () => {
        const exec = await engine.execAttached(await made.started(), {
          command: shell('environment'),
          environment: { CONTRACT: 'a=b c' },
          workingDirectory: '/usr',
        });
        expect((await outputOf(exec)).stdout).toBe('a=b c in /usr\n');
      });

      test('takes standard input', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('echoLine') });
        exec.write(Buffer.from('this\n'));
        expect((await outputOf(exec)).stdout).toBe('got this\n');
        expect(await endOf(exec.id)).toBe(0);
        exec.write(Buffer.from('dropped'));
        exec.close();
      });

      test('shows by its output that the engine lives', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('echoLine') });
        const before = performance.now();
        exec.write(Buffer.from('this\n'));
        expect((await outputOf(exec)).stdout).toBe('got this\n');
        expect(engine.lastHeard()).toBeGreaterThan(before);
      });

      test('accepts the end of standard input, and continues to print', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('copyInput') });
        await exec.send(Buffer.from('all of it, '));
        exec.endInput();
        expect((await outputOf(exec)).stdout).toBe('all of it, whole\n');
        await exec.send(Buffer.from('dropped'));
      });

      test('takes more input than a connection holds, as fast as it is read', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('countInput') });
        for (let part = 0; part < 50; part++) await exec.send(Buffer.alloc(100_000, '.'));
        exec.endInput();
        expect((await outputOf(exec)).stdout).toBe('5000000\n');
      });

      test('has a terminal if the request asks for it', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('terminal'), tty: true });
        expect(await outputOf(exec)).toEqual({ stdout: 'a terminal\r\n', stderr: '' });
        expect(await endOf(exec.id)).toBe(0);
      });

      test('has a terminal of the given size, and ignores a resize after its end', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('terminalSize'), tty: true });
        await engine.resizeExec(exec.id, { columns: 99, rows: 33 });
        await exec.send(Buffer.from('go\n'));
        expect((await outputOf(exec)).stdout).toBe('go\r\n33 99\r\n');
        await endOf(exec.id);
        await engine.resizeExec(exec.id, { columns: 80, rows: 24 });
        await engine.resizeExec(noId as string as ExecId, { columns: 80, rows: 24 });
      });

      test('has a terminal that passes every key', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('echoKeys'), tty: true });
        let printed = '';
        for await (const { data } of exec.output) {
          printed += data.toString();
          // Each key separately, as a user types: Ctrl-P Ctrl-Q would detach from the terminal.
          if (printed === 'ready\n') for (const key of 'typed \x10\x11 end') await exec.send(Buffer.from(key));
        }
        expect(printed).toBe('ready\n   t   y   p   e   d     020 021       e   n   d\n');
      });

      test('releases the stream while the process continues', async () => {
        const exec = await engine.execAttached(await made.started(), { command: shell('sleepLong') });
        setTimeout(() => exec.close(), 50);
        expect(await outputOf(exec)).toEqual({ stdout: '', stderr: '' });
      });

      test('has an exit code if the command does not exist', async () => {
        const exec = await engine.execAttached(await made.started(), { command: ['/no/such/command'] });
        const { stdout } = await outputOf(exec);
        // Podman prints nothing.
        expect(stdout).toMatch(engine.flavour === 'podman' ? /^$/ : /OCI runtime exec failed/);
        expect([126, 127]).toContain(await endOf(exec.id));
      });

      test('runs without a connection', async () => {
        const id = await made.started();
        const exec = await engine.execDetached(id, { command: shell('waitThenCode') });
        expect(await engine.execExitCode(exec)).toBeUndefined();
        await runToEnd(id, 'endTheWait');
        expect(await endOf(exec)).toBe(5);
      });

      test('is refused in a container that does not run', async () => {
        const created = await made.container({});
        await expect(engine.execAttached(created, { command: ['true'] })).rejects.toMatchObject(refusal('conflict'));
        await expect(engine.execDetached(noId, { command: ['true'] })).rejects.toMatchObject(refusal('absent'));
        expect(await engine.execExitCode(noId as string as ExecId)).toBeUndefined();
      });

      test('ends with the container', async () => {
        const id = await made.started();
        const exec = await engine.execAttached(id, { command: shell('printThenSleep') });
        const printed: string[] = [];
        for await (const { data } of exec.output) {
          printed.push(data.toString());
          await engine.killContainer(id, 'KILL');
        }
        expect(printed).toEqual(['started\n']);
      });
    });

    describe('commit', () => {
      test('adds one layer and the labels of the changes', async () => {
        const id = await made.container({ openStdin: true });
        await engine.writeArchive(id, '/', tarOf({ new: 'text' }));
        const base = await engine.inspectImage(subject.image);
        const name = `${made.imageName()}:v1`;
        const changes = ['CMD ["/bin/bash"]', 'ENTRYPOINT []', 'LABEL one="two \\"three\\""'];
        const image = await engine.commitContainer(id, { name, changes });
        const committed = await engine.inspectImage(name);
        expect(committed).toMatchObject({ id: image, entrypoint: [], digests: digestsOf(name) });
        expect(committed?.labels).toEqual({ 'base.label': 'kept', one: quotedLabel() });
        expect(committed?.layers.slice(0, -1)).toEqual(base?.layers);
        const made2 = await made.container({ image: name });
        expect(await readFiles(await engine.readArchive(made2, '/new'))).toEqual({ new: 'text' });
      });

      test('case 3.1: has labels of any length, which override those of the container', async () => {
        const long = Array.from({ length: 10 }, (_, part) => [`part${part}`, 'x'.repeat(32_000)]);
        const labels = { ...(Object.fromEntries(long) as Record<string, string>), 'base.label': 'changed', empty: '' };
        const name = made.imageName();
        await engine.commitContainer(await made.container({}), { name, changes: ['CMD ["a"]'], labels });
        expect((await engine.inspectImage(name))?.labels).toEqual(labels);
      });

      test('takes an entrypoint from the changes', async () => {
        const name = await made.commit(await made.container({}), ['CMD ["b"]', 'ENTRYPOINT ["/bin/sh"]']);
        expect((await engine.inspectImage(name))?.entrypoint).toEqual(['/bin/sh']);
      });

      test('leaves the contents of volumes out', async () => {
        const id = await made.container({ mounts: [{ type: 'volume', source: made.volumeName(), target: '/data' }] });
        await engine.writeArchive(id, '/data', tarOf({ file: 'text' }));
        const image = await made.commit(id);
        expect(await engine.statPath(await made.container({ image }), '/data/file')).toBeUndefined();
      });

      test('moves a name that is taken', async () => {
        const id = await made.container({});
        const name = await made.commit(id);
        const first = await engine.inspectImage(name);
        const second = await engine.commitContainer(id, { name, changes: ['CMD ["c"]'] });
        expect((await engine.inspectImage(name))?.id).toBe(second);
        await engine.removeImage(first?.id ?? '');
      });

      test('refuses a missing container, and changes that are no instructions', async () => {
        const request = { name: made.imageName(), changes: ['CMD ["a"]'] };
        await expect(engine.commitContainer(noId, request)).rejects.toMatchObject(refusal('absent'));
        const bad = engine.commitContainer(await made.container({}), { ...request, changes: ['NONSENSE x'] });
        await expect(bad).rejects.toThrow(EngineRefusal);
      });
    });

    describe('save and load', () => {
      test('carries an image with its id, its configuration and its files, and without a name', async () => {
        const name = `${made.imageName()}:v1`;
        const request = { name, changes: ['LABEL one="two"'] };
        const id = await engine.importImage(tarOf({ 'etc/motto': 'slowly' }), request, unsignalled);
        const archive = await engine.saveImage(id);
        if (archive === undefined) throw new Error('the engine does not save the image');
        const whole = await buffer(archive);
        await engine.removeImage(name);
        expect(await engine.inspectImage(id)).toBeUndefined();
        const loaded = Readable.from([whole]);
        await engine.loadImages(loaded, unsignalled);
        expect(loaded.destroyed).toBe(true);
        expect(await engine.inspectImage(id)).toMatchObject({ id, names: [], labels: { one: 'two' } });
        const container = await made.container({ image: id });
        expect(await readFiles(await engine.readArchive(container, '/etc/motto'))).toEqual({ motto: 'slowly' });
        await engine.removeContainer(container);
        await engine.removeImage(id);
      });

      test('loads an archive that lacks the layers of the image below, and none that lacks others', async () => {
        // Nobody copies images to Podman.
        if (engine.flavour === 'podman') return;
        const below = `${made.imageName()}:below`;
        await engine.importImage(tarOf({ 'etc/motto': 'slowly' }), { name: below, changes: [] }, unsignalled);
        const container = await made.container({ image: below });
        await engine.writeArchive(container, '/etc', tarOf({ more: 'and surely' }));
        const name = await made.commit(container);
        await engine.removeContainer(container);
        const image = await engine.inspectImage(name);
        if (image === undefined) throw new Error('there is no image');
        const { id, layers } = image;
        const save = async (present: number) => {
          const archive = await engine.saveImage(id);
          if (archive === undefined) throw new Error('the engine does not save the image');
          return buffer(withoutLayers(archive, layers, present));
        };
        const [most, none] = [await save(1), await save(2)];
        await engine.removeImage(name);
        await expect(engine.loadImages(Readable.from([none]), unsignalled)).rejects.toThrow(EngineRefusal);
        expect(await engine.inspectImage(id)).toBeUndefined();
        await engine.loadImages(Readable.from([most]), unsignalled);
        const copy = await made.container({ image: id });
        expect(await readFiles(await engine.readArchive(copy, '/etc/motto'))).toEqual({ motto: 'slowly' });
        expect(await readFiles(await engine.readArchive(copy, '/etc/more'))).toEqual({ more: 'and surely' });
        await engine.removeContainer(copy);
        await engine.removeImage(id);
      });

      test('saves no image that it does not have, and refuses to load what is no archive', async () => {
        expect(await engine.saveImage(`sha256:${'0'.repeat(64)}` as ImageId)).toBeUndefined();
        await expect(engine.loadImages(Readable.from([Buffer.from('no archive')]), unsignalled)).rejects.toThrow(
          EngineRefusal,
        );
      });
    });

    describe('import', () => {
      test('makes an image of one layer, with nothing but the files and the changes', async () => {
        const name = `${made.imageName()}:v1`;
        const changes = ['ENTRYPOINT ["/bin/greet"]', 'LABEL one="two \\"three\\""', 'LABEL four="five"'];
        const archive = tarOf({ 'bin/greet': 'a program', './etc/motto': 'slowly' });
        const id = await engine.importImage(archive, { name, changes }, unsignalled);
        expect(archive.destroyed).toBe(true);
        const image = await engine.inspectImage(name);
        expect(image).toMatchObject({ id, digests: digestsOf(name), entrypoint: ['/bin/greet'] });
        expect(image?.labels).toEqual({ one: quotedLabel(), four: 'five' });
        expect(image?.layers).toHaveLength(1);
        const container = await made.container({ image: name });
        expect(await readFiles(await engine.readArchive(container, '/bin/greet'))).toEqual({ greet: 'a program' });
        expect(await readFiles(await engine.readArchive(container, '/etc/motto'))).toEqual({ motto: 'slowly' });
        expect(await engine.statPath(container, '/bin/link-to-sh')).toBeUndefined();
      });

      test('moves a name that is taken', async () => {
        const name = made.imageName();
        const first = await engine.importImage(tarOf({ file: 'one' }), { name, changes: [] }, unsignalled);
        const second = await engine.importImage(tarOf({ file: 'two' }), { name, changes: [] }, unsignalled);
        expect((await engine.inspectImage(name))?.id).toBe(second);
        await engine.removeImage(first);
      });

      test('refuses changes that are no instructions', async () => {
        const archive = tarOf({ file: 'text' });
        const name = made.imageName();
        await expect(engine.importImage(archive, { name, changes: ['NONSENSE x'] }, unsignalled)).rejects.toThrow(
          EngineRefusal,
        );
        expect(archive.destroyed).toBe(true);
        expect(await engine.inspectImage(name)).toBeUndefined();
      });

      test('makes no image from an archive that breaks off, and throws the cause', async () => {
        const whole = await buffer(tarOf({ file: 'x'.repeat(4096) }));
        const reason = new Error('the container went away');
        const archive = Readable.from(breakOff(whole.subarray(0, 2048), reason));
        const name = made.imageName();
        await expect(engine.importImage(archive, { name, changes: [] }, unsignalled)).rejects.toBe(reason);
        expect(await engine.inspectImage(name)).toBeUndefined();
        const closed = Readable.from([whole]);
        closed.destroy();
        await expect(engine.importImage(closed, { name, changes: [] }, unsignalled)).rejects.toThrow(
          /premature|closed|destroyed/i,
        );
        expect(await engine.inspectImage(name)).toBeUndefined();
      });

      test('ends if its signal is aborted, and throws the reason', async () => {
        const reason = new Error('interrupted');
        const name = made.imageName();
        const archive = tarOf({ file: 'text' });
        await expect(engine.importImage(archive, { name, changes: [] }, AbortSignal.abort(reason))).rejects.toBe(
          reason,
        );
        expect(await engine.inspectImage(name)).toBeUndefined();
      });
    });

    describe('volumes', () => {
      test('makes, finds by label and removes', async () => {
        const name = made.volumeName();
        const label = unique();
        await engine.createVolume(name, { [label]: 'value' });
        await engine.createVolume(name, { [label]: 'value' });
        const volume = { name, labels: { [label]: 'value' }, isPlain: true };
        expect(await engine.inspectVolume(name)).toEqual(volume);
        expect(await engine.volumesWithLabel(label)).toEqual([volume]);
        expect(await engine.volumesWithLabel(`${label}=value`)).toEqual([volume]);
        expect(await engine.volumesWithLabel(`${label}=other`)).toEqual([]);
        await engine.removeVolume(name);
        await engine.removeVolume(name);
        expect(await engine.inspectVolume(name)).toBeUndefined();
      });

      test('refuses to remove one that a container mounts', async () => {
        const volume = made.volumeName();
        await made.container({ mounts: [{ type: 'volume', source: volume, target: '/data' }] });
        await expect(engine.removeVolume(volume)).rejects.toMatchObject(refusal('conflict'));
      });
    });

    describe('networks', () => {
      test('makes, describes and removes a network', async () => {
        const name = made.networkName();
        await engine.createNetwork(name, { contract: 'value' });
        await engine.createNetwork(name, { contract: 'value' });
        const network = await engine.inspectNetwork(name);
        expect(network).toMatchObject({ name, labels: { contract: 'value' }, isIsolated: true, endpoints: [] });
        expect(network?.subnets).toEqual([expect.stringMatching(/^[\d.]+\/\d+$/)]);
        await engine.removeNetwork(name);
        await engine.removeNetwork(name);
        expect(await engine.inspectNetwork(name)).toBeUndefined();
      });

      test('has the running containers that were made in it or put into it, with their addresses', async () => {
        const name = made.networkName();
        await engine.createNetwork(name, {});
        const inside = await made.container({ init: true, network: name });
        const other = await made.started();
        await made.container({ network: name });
        await engine.startContainer(inside);
        await engine.connectNetwork(name, other);
        await engine.connectNetwork(name, other);
        const { endpoints = [] } = (await engine.inspectNetwork(name)) ?? {};
        expect(endpoints.map(({ container }) => container).toSorted()).toEqual([inside, other].toSorted());
        const addresses = endpoints.map(({ address }) => address);
        expect(addresses).toEqual([expect.stringMatching(/^[\d.]+$/), expect.stringMatching(/^[\d.]+$/)]);
        expect(new Set(addresses).size).toBe(2);
        await engine.killContainer(other, 'SIGKILL');
        await engine.waitContainer(other, unsignalled);
        // Docker takes a container out of its networks when it has told its end.
        const left = async () => (await engine.inspectNetwork(name))?.endpoints.map(({ container }) => container);
        await expect.poll(left, { timeout: 20_000 }).toEqual([inside]);
      });

      test('refuses to remove one that a running container is in, and to use one that is not there', async () => {
        const name = made.networkName();
        await engine.createNetwork(name, {});
        const inside = await made.container({ init: true, network: name });
        await engine.startContainer(inside);
        await expect(engine.removeNetwork(name)).rejects.toMatchObject(refusal('conflict'));
        await expect(engine.connectNetwork(unique(), inside)).rejects.toMatchObject(refusal('absent'));
      });
    });

    /** The digests of an image that no registry has: Podman gives one to every image. */
    function digestsOf(name: string): readonly unknown[] {
      const digest: unknown = expect.stringMatching(`^${name.replace(/:.*/, '')}@sha256:[0-9a-f]{64}$`);
      return engine.flavour === 'podman' ? [digest] : [];
    }

    /** The value of the label `one`: Podman 4.3 keeps its backslashes, Podman 5.4 those of an import. */
    function quotedLabel(): unknown {
      return engine.flavour === 'podman' ? expect.stringMatching(/^two \\?"three\\?"$/) : 'two "three"';
    }

    /** Runs a short script in a container to its end. Requests that were sent before reach the engine meanwhile. */
    async function runToEnd(id: ContainerId, script: keyof typeof contractScripts = 'outputAndCode'): Promise<void> {
      await outputOf(await engine.execAttached(id, { command: shell(script) }));
    }

    async function endOf(exec: ExecId): Promise<number> {
      for (;;) {
        const exitCode = await engine.execExitCode(exec);
        if (exitCode !== undefined) return exitCode;
        await delay(20);
      }
    }
  });
}

/** Everything that a test made, to be removed after it. */
class Made {
  readonly #subject: ContractSubject;
  readonly #containers: ContainerId[] = [];
  readonly #images: string[] = [];
  readonly #volumes: string[] = [];
  readonly #networks: string[] = [];

  constructor(subject: ContractSubject) {
    this.#subject = subject;
  }

  imageName(): string {
    const name = unique();
    this.#images.push(name, `${name}:v1`, `${name}:tag`);
    return name;
  }

  volumeName(): string {
    const name = unique();
    this.#volumes.push(name);
    return name;
  }

  networkName(): string {
    const name = unique();
    this.#networks.push(name);
    return name;
  }

  async container(spec: Partial<ContainerSpec>, name = unique()): Promise<ContainerId> {
    const { engine, image } = this.#subject;
    const id = await engine.createContainer(name, { image, command: shell('sleepLong'), mounts: [], ...spec });
    this.#containers.push(id);
    return id;
  }

  async started(): Promise<ContainerId> {
    const id = await this.container({ init: true });
    await this.#subject.engine.startContainer(id);
    return id;
  }

  async commit(id: ContainerId, changes: readonly string[] = ['CMD ["a"]']): Promise<string> {
    const name = this.imageName();
    await this.#subject.engine.commitContainer(id, { name, changes });
    return name;
  }

  async remove(): Promise<void> {
    const { engine } = this.#subject;
    await Promise.all(this.#containers.splice(0).map((id) => engine.removeContainer(id)));
    for (const image of this.#images.splice(0)) await engine.removeImage(image);
    for (const volume of this.#volumes.splice(0)) await engine.removeVolume(volume);
    for (const network of this.#networks.splice(0)) await engine.removeNetwork(network);
  }
}

let made = 0;

function unique(): string {
  return `engine-contract-${process.pid}-${Date.now().toString(36)}-${++made}`;
}

/** An image as a list describes it; its times are whole seconds. */
function listedAs({ id, names, labels, created, size }: Partial<Image> = {}): object {
  const second = new Date(Math.floor(Date.parse(created ?? '') / 1000) * 1000).toISOString();
  return { id, names, labels, size, created: second };
}

const noId = 'f'.repeat(64) as ContainerId;

function shell(script: keyof typeof contractScripts): readonly string[] {
  return ['/bin/sh', '-c', contractScripts[script]];
}

function refusal(kind: RefusalKind): object {
  return { name: 'EngineRefusal', kind };
}

async function outputOf(exec: AttachedExec): Promise<{ stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' };
  for await (const { stream, data } of exec.output) output[stream] += data.toString();
  return output;
}

const tarTime = new Date('2020-02-02T02:02:02Z');

function tarOf(texts: Readonly<Record<string, string>>): Readable {
  const archive = pack();
  for (const [name, content] of Object.entries(texts)) archive.entry({ name, mtime: tarTime }, content);
  archive.finalize();
  return archive as unknown as Readable;
}

async function* breakOff(begin: Buffer, reason: Error): AsyncGenerator<Buffer> {
  yield begin;
  await delay(50);
  throw reason;
}

async function readFiles(archive: Readable | undefined): Promise<Record<string, string>> {
  if (archive === undefined) throw new Error('there is no archive');
  const files: Record<string, string> = {};
  const reader = extract();
  reader.end(await buffer(archive));
  for await (const entry of reader) {
    const content = await text(entry);
    if (entry.header.type === 'file') files[entry.header.name] = content;
  }
  return files;
}
