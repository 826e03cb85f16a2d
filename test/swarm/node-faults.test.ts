import { describe, expect, it } from 'vitest';
import type { RunningProgram } from '../support/run-program.ts';
import { buildContainer, clientContainer, compilingOn, running, succeed, SwarmBuilds } from './swarm-builds.ts';
import { holdPackages } from './swarm-site.ts';
import type { Node } from './three-nodes.ts';

/** The seconds after which nothing of a build runs on a node that was cut off. */
const limitSeconds = 15;
const builds = SwarmBuilds.forTests({ builders: true });

/** The build container on a node, when it has ended: its times are those of the engine. */
async function endOf(node: Node, id: string): Promise<{ readonly end: number; readonly image: string }> {
  const container = node.engine.docker.getContainer(id);
  await container.wait();
  const { State, Image } = await container.inspect();
  return { end: Date.parse(State.FinishedAt), image: Image };
}

/** How often a build has said something so far. */
function countSaid(build: RunningProgram, what: RegExp): number {
  return [...build.stderr.matchAll(new RegExp(what, 'g'))].length;
}

/**
 * Makes a node a manager, and waits until it hears from the others. A change that meets another one of the swarm is refused, and a node whose
 * manager was restarted may take more than a minute.
 */
async function makeManager(manager: Node, { name, docker }: Node): Promise<void> {
  const state = async () => {
    await manager.docker('node', 'promote', name);
    return docker('node', 'inspect', '--format', '{{.ManagerStatus.Reachability}}', 'self');
  };
  await expect.poll(() => state().catch(String), { timeout: 180_000, interval: 250 }).toBe('reachable\n');
}

describe('zentoo build --swarm, if a node fails', () => {
  it('compiles elsewhere what a node that is cut off had, and uses the node again when it is back, each time its proxy too', async () => {
    const [node, other] = builds.builders;
    for (const one of [builds.manager, node]) await holdPackages(one, true);
    await builds.setAvailability(other, 'pause');
    const build = await builds.startBuild(['test-fault/held-a', 'test-fault/held-b', 'test-fault/held-c']);
    await build.said(compilingOn(node));
    const lost = node.engine.docker.getContainer(await running(node, buildContainer));
    const cut = Date.now();
    await builds.swarm.cables.cut(node.name);
    await lost.wait();
    // The order of events: the package is given to another engine only after its container has ended.
    expect(build.stderr).not.toContain('was lost');
    const { State } = await lost.inspect();
    expect(Date.parse(State.FinishedAt) - cut).toBeLessThan(limitSeconds * 1000);
    await build.said(/the engine node2 was lost with test-fault\/held-.*\n/);
    await builds.swarm.cables.mend(node.name);
    await build.said(/the engine node2 is back, and gets packages again\n/);
    await build.said(new RegExp(`is back[^]*${compilingOn(node).source}`));
    const proxy = (await node.engine.docker.listContainers()).find(({ Names }) => /-proxy-/.test(Names.join()));
    await node.engine.docker.getContainer(proxy?.Id ?? '').kill();
    await build.said(/(?:was lost with[^]*){2}/);
    for (const one of [builds.manager, node]) await holdPackages(one, false);
    await succeed(build);
    expect(countSaid(build, /the engine node2 was lost with/)).toBe(2);
    expect(await builds.packagesInStore()).toEqual([
      'CPV: test-fault/held-a-1',
      'CPV: test-fault/held-b-1',
      'CPV: test-fault/held-c-1',
    ]);
    await builds.setAvailability(other, 'active');
    await builds.expectNothingLeft();
  });

  it('ends what it has on the other nodes if its own node is cut off, and the next build removes what is left there', async () => {
    const [node, other] = builds.builders;
    for (const one of builds.swarm.nodes) await holdPackages(one, true);
    const build = await builds.startBuild(['test-fault/held-a', 'test-fault/held-b', 'test-fault/held-c']);
    for (const one of builds.builders) await build.said(compilingOn(one));
    const containers = await Promise.all([node, other].map((one) => running(one, buildContainer)));
    const cut = Date.now();
    await builds.swarm.cables.cut(builds.manager.name);
    for (const [index, one] of [node, other].entries()) {
      const { end } = await endOf(one, containers[index] ?? '');
      expect(end - cut).toBeLessThan(limitSeconds * 1000);
    }
    await builds.manager.docker('kill', '--signal', 'KILL', await running(builds.manager, clientContainer));
    expect((await build.outcome).status).toBe(137);
    await builds.swarm.cables.mend(builds.manager.name);
    for (const one of builds.builders) await builds.untilReady(one);
    for (const one of builds.swarm.nodes) await holdPackages(one, false);
    await succeed(builds.site.start('build', '--swarm', '--jobs', '1'));
    await builds.expectNothingLeft();
  });

  it('ends with the engine of its own node, and the same command then uses each package that was finished', async () => {
    const [node, other] = builds.builders;
    for (const one of [builds.manager, node]) await holdPackages(one, true);
    await builds.setAvailability(other, 'pause');
    const build = await builds.startBuild(['test-fault/held-a', 'test-fault/held-late']);
    await build.said(/(?:Emerging .*test-fault\/held-[^]*){2}/);
    const container = await running(node, buildContainer);
    const stopped = Date.now();
    const stop = builds.manager.engine.stop();
    const { end } = await endOf(node, container);
    expect(end - stopped).toBeLessThan(limitSeconds * 1000);
    await stop;
    await builds.manager.engine.start();
    await build.outcome;
    await builds.untilReady(node);
    await builds.setAvailability(other, 'active');
    for (const one of [builds.manager, node]) await holdPackages(one, false);
    const stderr = await succeed(builds.site.start('build', '--swarm', '--jobs', '1'));
    const compiled = [...stderr.matchAll(/test-fault\/([\w-]+)-1\S*: compile for/g)].map(([, name]) => name);
    expect(new Set(compiled)).toEqual(new Set(['held-a', 'held-late']));
    expect(stderr).not.toMatch(/app-misc\/motto\S*: compile for/);
    await builds.expectNothingLeft();
  });

  it('goes on if the engine of another manager is restarted, and says which managers are missing without a quorum', async () => {
    const [node, other] = builds.builders;
    for (const one of builds.builders) {
      await makeManager(builds.manager, one);
    }
    // The leader is another node from then on.
    await node.docker('node', 'demote', builds.manager.name);
    await makeManager(node, builds.manager);
    const build = await builds.compileOn(node, other);
    await other.engine.stop();
    await other.engine.start();
    await builds.end(node, build);
    await builds.untilReady(other);
    await builds.expectNothingLeft();
    for (const one of builds.builders) await one.engine.stop();
    const { status, stderr } = await builds.site.start('swarm', 'status').outcome;
    expect([status, stderr]).toEqual([62, expect.stringContaining('start the other managers')]);
  });
});
