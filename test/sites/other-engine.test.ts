import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { Builder, faultsStage } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { must } from '../support/run-program.ts';
import { SecondEngine, tcpAddress } from '../support/real-engine/second-engine.ts';
import { SshServer } from '../support/ssh-server.ts';
import { uniqueName } from '../support/unique-name.ts';

describe.each(['TCP', 'SSH'])(
  'case 1.11: a builder in a container, whose builds are on another engine, by %s',
  (way) => {
    const builder = new Builder();
    /** A container that only has a network namespace, in which the other engine and the builders run. */
    const network = uniqueName('network');
    let engine: SecondEngine;
    let server: SshServer | undefined;
    /** The builder reaches its own engine by the default socket, and the other one by DOCKER_HOST. */
    let docker: readonly string[];
    const options = () => ({ base: faultsStage, ownVolumes: false, docker });

    beforeAll(async () => {
      if (way === 'TCP') {
        builder.removeLater({ container: network });
        await must('docker', ['run', '--detach', '--network=none', '--name', network, stage, 'sleep', 'infinity']);
        engine = await SecondEngine.open('4G', (await rawDocker().getContainer(network).inspect()).State.Pid);
        docker = ['--network', `container:${network}`, '-e', `DOCKER_HOST=${tcpAddress}`];
      } else {
        engine = await SecondEngine.open('4G');
        server = await SshServer.open(engine.socket, { isShared: true });
        docker = ['--network=host', '-v', `${server.containerFiles}:/root/.ssh:ro`, '-e', 'DOCKER_HOST=ssh://far'];
      }
      await engine.copyImages(faultsStage);
    });
    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      await builder[Symbol.asyncDispose]();
    });

    /** The build containers, without those that compare trees. */
    const running = async () => {
      const containers = await engine.docker.listContainers();
      return containers.filter(({ Names }) => !Names.some((name) => name.includes('-probe-'))).map(({ Id }) => Id);
    };
    const workVolumes = async () => {
      const { Volumes } = await engine.docker.listVolumes({ filters: { label: [ownerLabel] } });
      return Volumes.map(({ Name }) => Name);
    };

    it('keeps its build while it lives, and the next run removes the build when it was killed', async () => {
      const first = builder.start(['test-fault/hangs'], options());
      await first.said(/>>> Emerging \(1 of 1\)/);
      const [container = '', ...others] = await running();
      expect(others).toEqual([]);
      const [volume] = await workVolumes();

      const second = await builder.run(['--no-sync', 'app-misc/motto'], options());
      expect([second.status, second.stderr]).toEqual([0, expect.not.stringContaining('left over')]);
      expect(await running()).toEqual([container]);

      await first.signal('SIGKILL');
      await first.outcome;
      await engine.docker.getContainer(container).wait({ condition: 'not-running' });
      const third = await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'], options());
      expect([third.status, third.stderr]).toEqual([
        0,
        expect.stringContaining(`removed ${volume}, left over from a builder that is gone`),
      ]);
      expect(await engine.docker.listContainers({ all: true })).toEqual([]);
      expect(await workVolumes()).toEqual([]);
    });
  },
);
